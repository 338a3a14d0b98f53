"""Extract the label of each exam from the sections of its report."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables, tasks
    from mammoflow.logs import log
    from mammoflow.reports.extraction import label_exams
    from mammoflow.reports.rules import load_rules

    task = tasks.load(snakemake.input.task)
    rules = load_rules(snakemake.input.rules, task=task.key, classes=task.keys)
    reports = tables.read(snakemake.input.reports, tables.REPORTS)
    sections = tables.read(snakemake.input.sections, tables.SECTIONS)
    labels = label_exams(reports, sections, rules=rules, policy=snakemake.params.policy)
    for (level, status, reason), count in labels.groupby(["level", "status", "reason"]).size().items():
        log.info("%s labels %s: %d %s", level, status, count, reason)
    tables.write(labels, snakemake.output.labels, tables.LABELS)
