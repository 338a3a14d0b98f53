"""Make the page of the cohort: what images, labels and subsets there are, before any model is trained."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    import yaml

    from mammoflow import files, provenance, tables, tasks
    from mammoflow.pages import cohort, html, sections, summary

    given, params = snakemake.input, snakemake.params
    task = tasks.load(given.task)
    images, exams = tables.read(given.images, tables.IMAGES), tables.read(given.exams, tables.EXAMS)
    of_run, labelled = tables.read(given.labels, tables.LABELS), tables.read(given.labelled, tables.LABELLED_IMAGES)
    download = tables.read(given.download, tables.DOWNLOAD) if given.get("download") else None
    classes, manifest = tables.read(given.classes, tables.CLASSES), tables.read(given.manifest, tables.MANIFEST)
    leaking, leak = sections.leak_check({params.seed: manifest})
    page = html.render(
        given.template,
        task=task.name,
        caveats=params.caveats,
        warning=params.warning,
        summary=summary.cohort(images, exams, manifest),
        files=cohort.files(images),
        accepted=cohort.accepted(images),
        labels=cohort.labels(of_run, labelled, task, source=params.source),
        missing=cohort.missing(exams, download, has_reports=params.source == "reports"),
        duplicates=cohort.duplicates(images, tables.read(given.groups, tables.GROUPS)),
        too_small=cohort.too_small(classes, manifest, task, least=params.least),
        leaking=leaking,
        leak=leak,
        split=[
            sections.classes(classes, task),
            cohort.held_out(tables.read(given.test_patients, tables.TEST_PATIENTS)),
            sections.subsets(manifest, seed=params.seed, task=task),
        ],
        commit=provenance.code_commit(Path(provenance.__file__).parent),
        versions=sections.versions(provenance.versions()),
        config=yaml.safe_dump(params.config, sort_keys=False, allow_unicode=True, width=100),
    )
    files.write_text(page, snakemake.output.page)
