"""Make the report: one self-contained page with what was run, on whom, and every number with its interval."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    import yaml

    from mammoflow import files, pages, provenance, report_figures, report_tables, summary, tables, tasks

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
    leaking, leak = report_tables.leak_check(manifests)
    notes = summary.notes(params.experiments, summary.load_published(given.published))

    page = pages.render(
        given.template,
        task=task.name,
        caveats=params.caveats,
        warning=params.warning,
        missing=pages.MISSING,
        resamples=f"{params.config['evaluation']['resamples']:,}",
        commit=provenance.code_commit(Path(provenance.__file__).parent),
        versions=report_tables.versions(provenance.versions()),
        config=yaml.safe_dump(params.config, sort_keys=False, allow_unicode=True, width=100),
        experiments=report_tables.experiments(params.experiments),
        flow=report_figures.flow(given.flow),
        cohort=report_tables.cohort(images, exams),
        labels=report_tables.labels(tables.read(given.labels, tables.LABELS), exams, task),
        audit=None if audit is None else report_tables.audit(audit),
        leaking=leaking,
        leak=leak,
        classes=report_tables.classes(tables.read(given.classes, tables.CLASSES), task),
        classes_figure=report_figures.classes(given.classes_figure),
        subsets=[report_tables.subsets(manifest, seed=seed, task=task) for seed, manifest in manifests.items()],
        matching=report_tables.matching(matching, params.recipes),
        matching_figures=[report_figures.matching(path) for path in given.matching_figures],
        table1=report_tables.table1(tables.read(given.table1, summary.TABLE1), notes),
        forest=report_figures.forest(given.forest),
        levels=report_tables.levels(metrics),
        by_class=report_tables.by_class(metrics, manifests[min(params.seeds)], task),
        comparisons=report_tables.comparisons(
            tables.read(given.comparisons, tables.COMPARISONS), list(params.experiments)
        ),
        confusion=[report_figures.confusion(path) for path in given.confusion_figures],
        training=[report_figures.training(path) for path in given.training_figures],
    )
    files.write_text(page, snakemake.output.page)
