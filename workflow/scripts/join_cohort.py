"""Join images, reports and labels by exam."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import cohort, tables

    images = tables.read(snakemake.input.images, tables.IMAGES)
    labels = tables.read(snakemake.input.labels, tables.LABELS)
    reports = tables.read(snakemake.input.reports, tables.REPORTS) if snakemake.input.reports else None
    groups = tables.read(snakemake.input.groups, tables.GROUPS)
    labelled = cohort.labelled_images(images, labels, groups, level=snakemake.params.level)
    exams = cohort.join_exams(images, labels, reports, groups, labelled)
    for reason, count in exams["reason"].value_counts().sort_index().items():
        log.info("%s: %d exams", reason or "included", count)
    tables.write(exams, snakemake.output.exams, tables.EXAMS)
    tables.write(labelled, snakemake.output.labelled_images, tables.LABELLED_IMAGES)
