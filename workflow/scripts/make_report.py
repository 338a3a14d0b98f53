"""Make the report: one self-contained page with what was run, on whom, and every number with its interval."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    import yaml

    from mammoflow import files, machine, provenance, tables, tasks
    from mammoflow.evaluation import table1
    from mammoflow.evaluation.statistics import COMPARED_LEVELS
    from mammoflow.pages import (
        audits,
        checklist,
        evidence,
        figures,
        html,
        labels,
        languages,
        limitations,
        manuscript,
        quality,
        sections,
        siblings,
        summary,
    )
    from mammoflow.pages import provenance as origins
    from mammoflow.pages import published as published_figures
    from mammoflow.pages.study import Study
    from mammoflow.published import loading
    from mammoflow.reports import records

    given, params = snakemake.input, snakemake.params
    task = tasks.load(given.task)
    images, exams = tables.read(given.images, tables.IMAGES), tables.read(given.exams, tables.EXAMS)
    read_manifests = zip(params.seeds, given.manifests, strict=True)
    manifests = {seed: tables.read(path, tables.MANIFEST) for seed, path in read_manifests}
    read_metrics = zip(params.experiments, given.metrics, strict=True)
    metrics = {name: tables.read(path, tables.METRICS) for name, path in read_metrics}
    read_matching = zip(params.recipes, given.matching, strict=True)
    matching = {recipe: tables.read(path, tables.MATCHING) for recipe, path in read_matching}
    read_quality = zip(params.recipes, given.quality, strict=True)
    measures = {recipe: tables.read(path, tables.QUALITY) for recipe, path in read_quality}
    of_run = tables.read(given.labels, tables.LABELS)
    reports = tables.read(given.reports, tables.REPORTS) if given.get("reports") else None
    audit = tables.read(given.audit, tables.AUDIT) if given.get("audit") else None
    kinds = (tables.LANGUAGES, tables.TRANSLATION)
    compared = [tables.read(path, kind) for path, kind in zip(given.get("languages", ()), kinds, strict=False)]
    # Only the demo's reports are given here.
    of_exams = records.read(given.found) if given.get("found") else {}
    chosen = evidence.choose(of_run, of_exams, n=params.in_colour)
    comparisons = tables.read(given.comparisons, tables.COMPARISONS)
    best = {level: summary.best_of(metrics, params.experiments, level=level) for level in COMPARED_LEVELS}
    read_choices = (tables.read(path, tables.CHOICES) for path in given.choices)
    choices = dict(zip(params.choosing, read_choices, strict=True))
    leaking, leak = sections.leak_check(manifests)
    first = manifests[min(params.seeds)]
    of_split = tables.read(given.siblings, tables.SIBLINGS)
    in_short = [
        *summary.cohort(images, exams, first),
        summary.result(metrics, comparisons, params.experiments, warning=params.warning),
    ]
    published = table1.load_published(given.published, task.key)
    main_table = tables.read(given.table1, tables.TABLE1)
    notes = table1.notes(params.experiments, published)

    split_classes = tables.read(given.classes, tables.CLASSES)
    commit, versions = provenance.code_commit(Path(provenance.__file__).parent), provenance.versions()
    study = Study(
        task=task,
        config=params.config,
        experiments={name: params.config["experiments"][name] for name in params.predicted},
        shown=list(params.experiments),
        views=params.views,
        images=images,
        exams=exams,
        labels=of_run,
        classes=split_classes,
        test_patients=tables.read(given.test_patients, tables.TEST_PATIENTS),
        manifests=manifests,
        matching=matching,
        frozen=params.frozen,
        reports=reports,
        audit=audit,
        tunings=params.tunings,
        probes=params.probes,
        choices=choices,
    )
    limits = limitations.sentences(study, params.caveats)
    # An encoder and an experiment's own network may have one name; their folders differ.
    folders = {"/".join(Path(path).with_suffix("").parts[-2:]): path for path in given.models}
    models = {name: tables.read(path, tables.MODEL_FILES) for name, path in folders.items()}
    key = Path(given.id_key).read_text(encoding="ascii").strip() if given.get("id_key") else ""

    sizes = {name: summary.test_size(first, views) for name, views in params.views.items()}

    def of_best(paths: list[str]) -> list[tuple[str, str]]:
        """Names and files of those that did best on images; all of them would be too much for one page."""
        named = {Path(path).stem: path for path in paths}
        return [(name, named[name]) for name in best["image"] if name in named]

    page = html.render(
        given.template,
        task=task.name,
        attribute=task.attribute,
        caveats=params.caveats,
        warning=params.warning,
        summary=in_short,
        missing=html.MISSING,
        resamples=f"{params.config['evaluation']['resamples']:,}",
        not_for_print=manuscript.warning(study),
        manuscript=manuscript.methods(study, commit=commit, versions=versions),
        limitations=limits,
        checklist=checklist.table(study, commit=commit, limitations=len(limits)),
        commit=commit,
        inputs=origins.inputs(images, models, key),
        machine=origins.machine(machine.about()),
        times=origins.times(params.benchmarks, set(params.rules) - {snakemake.rule}),
        versions=sections.versions(versions),
        config=yaml.safe_dump(params.config, sort_keys=False, allow_unicode=True, width=100),
        experiments=sections.experiments(params.experiments, params.views),
        flow=figures.flow(given.flow),
        cohort=sections.cohort(images, exams),
        labels=labels.labels(of_run, task, reports=reports, exams=exams),
        audit=None
        if audit is None
        else audits.of_run(
            audit, task, dataset=params.dataset, corrected=labels.corrected(of_run) > 0, most=params.most
        ),
        evidence=evidence.reports(of_run, of_exams, chosen),
        languages=languages.of_run(*compared, task=task, language=params.language) if compared else None,
        private=reports is not None,
        leaking=leaking,
        leak=leak,
        siblings_said=siblings.sentence(of_split, task, unit=params.unit),
        siblings=siblings.table(of_split, task, unit=params.unit),
        classes=sections.classes(split_classes, task),
        classes_figure=figures.classes(given.classes_figure),
        subsets=[sections.subsets(manifest, seed=seed, task=task) for seed, manifest in manifests.items()],
        matching=sections.matching(matching, params.recipes),
        class_mix=[quality.class_mix(tables.read(path, tables.DEVICES), task) for path in given.devices],
        told=quality.told(measures, params.recipes),
        shares=quality.shares(measures, params.recipes, task),
        brightness_figures=[figures.brightness(path) for path in given.brightness_figures],
        matching_figures=[figures.matching(path) for path in given.matching_figures],
        table1=sections.main_table(main_table, notes),
        forest=figures.forest(given.forest, n=summary.test_size(first), published=bool(published)),
        levels=sections.beside_baselines(sections.levels(metrics), params.experiments),
        by_class=sections.beside_baselines(sections.by_class(metrics, first, task, params.views), params.experiments),
        few_shot=figures.few_shot(given.few_shot) if given.get("few_shot") else None,
        comparisons=sections.comparisons(comparisons, list(params.experiments), best),
        confusion=[
            figures.confusion(path, n=summary.test_size(first, params.views[Path(path).stem]))
            for path in given.confusion_figures
        ],
        training=[figures.training(path) for path in given.training_figures],
        explanations=[figures.explanations(path) for path in given.explanation_figures],
        outline=figures.outline(given.outline),
        embedding_figures=[figures.embeddings(path) for path in given.embedding_figures],
        curves=[
            draw(path, n=summary.test_size(first))
            for draw, path in zip((figures.roc, figures.reliability), given.curves, strict=False)
        ],
        subgroup_figures=[figures.subgroups(path, n=sizes[name]) for name, path in of_best(given.subgroup_figures)],
        mistakes=[figures.mistakes(path, n=sizes[name]) for name, path in of_best(given.mistakes)],
        choices=sections.choices(choices),
        published=published_figures.section(
            tables.read(given.findings, tables.FINDINGS),
            main_table,
            metrics,
            study=loading.load(given.published, given.published_schema),
            others=[loading.load(path, given.published_schema) for path in given.agreement],
            task=task.key,
        ),
        has_zero_shot=params.has_zero_shot,
    )
    files.write_text(page, snakemake.output.page)
