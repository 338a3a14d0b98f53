"""Make the report: one self-contained page with what was run, on whom, and every number with its interval."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    import yaml

    from mammoflow import files, provenance, tables, tasks
    from mammoflow.evaluation import table1
    from mammoflow.pages import figures, html, sections

    given, params = snakemake.input, snakemake.params
    task = tasks.load(given.task)
    images, exams = tables.read(given.images, tables.IMAGES), tables.read(given.exams, tables.EXAMS)
    read_manifests = zip(params.seeds, given.manifests, strict=True)
    manifests = {seed: tables.read(path, tables.MANIFEST) for seed, path in read_manifests}
    read_metrics = zip(params.experiments, given.metrics, strict=True)
    metrics = {name: tables.read(path, tables.METRICS) for name, path in read_metrics}
    read_matching = zip(params.recipes, given.matching, strict=True)
    matching = {recipe: tables.read(path, tables.MATCHING) for recipe, path in read_matching}
    audit = tables.read(given.audit, tables.AUDIT) if given.get("audit") else None
    leaking, leak = sections.leak_check(manifests)
    notes = table1.notes(params.experiments, table1.load_published(given.published))

    page = html.render(
        given.template,
        task=task.name,
        caveats=params.caveats,
        warning=params.warning,
        missing=html.MISSING,
        resamples=f"{params.config['evaluation']['resamples']:,}",
        commit=provenance.code_commit(Path(provenance.__file__).parent),
        versions=sections.versions(provenance.versions()),
        config=yaml.safe_dump(params.config, sort_keys=False, allow_unicode=True, width=100),
        experiments=sections.experiments(params.experiments),
        flow=figures.flow(given.flow),
        cohort=sections.cohort(images, exams),
        labels=sections.labels(tables.read(given.labels, tables.LABELS), exams, task),
        audit=None if audit is None else sections.audit(audit),
        leaking=leaking,
        leak=leak,
        classes=sections.classes(tables.read(given.classes, tables.CLASSES), task),
        classes_figure=figures.classes(given.classes_figure),
        subsets=[sections.subsets(manifest, seed=seed, task=task) for seed, manifest in manifests.items()],
        matching=sections.matching(matching, params.recipes),
        matching_figures=[figures.matching(path) for path in given.matching_figures],
        table1=sections.main_table(tables.read(given.table1, tables.TABLE1), notes),
        forest=figures.forest(given.forest),
        levels=sections.levels(metrics),
        by_class=sections.by_class(metrics, manifests[min(params.seeds)], task),
        comparisons=sections.comparisons(tables.read(given.comparisons, tables.COMPARISONS), list(params.experiments)),
        confusion=[figures.confusion(path) for path in given.confusion_figures],
        training=[figures.training(path) for path in given.training_figures],
    )
    files.write_text(page, snakemake.output.page)
