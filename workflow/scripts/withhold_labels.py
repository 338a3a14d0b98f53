"""Withhold the labels of exams whose translation failed the check."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.logs import log
    from mammoflow.reports.languages import withheld

    given = snakemake.input
    labels = withheld(tables.read(given.labels, tables.LABELS), tables.read(given.translation, tables.TRANSLATION))
    of_check = labels.loc[labels["reason"] == "translation_check", "exam_id"].nunique()
    log.info("%d of %d exams withheld", of_check, labels["exam_id"].nunique())
    tables.write(labels, snakemake.output.labels, tables.LABELS)
