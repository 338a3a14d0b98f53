"""Draw the path of the data with its counts, and the classes in every subset."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import accounts, tables, tasks
    from mammoflow.figures import cohort, style

    output, task = snakemake.output, tasks.load(snakemake.input.task)
    manifest = tables.read(snakemake.input.manifest, tables.MANIFEST)
    steps = accounts.flow(
        images=tables.read(snakemake.input.images, tables.IMAGES),
        exams=tables.read(snakemake.input.exams, tables.EXAMS),
        classes=tables.read(snakemake.input.classes, tables.CLASSES),
        manifest=manifest,
        task=task,
    )
    seed, warning = snakemake.params.seed, snakemake.params.warning
    flow = cohort.flow(steps, seed=seed, warning=warning)
    style.save(flow, png=output.flow, pdf=output.flow_pdf, svg=output.flow_svg)
    classes = cohort.classes_by_subset(manifest, task=task, seed=seed, warning=warning)
    style.save(classes, png=output.classes, pdf=output.classes_pdf, svg=output.classes_svg)
