"""Extract the label of each exam from the sections of its report."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path

    from mammoflow import tables, tasks
    from mammoflow.logs import log
    from mammoflow.privacy import make_private
    from mammoflow.reports.classing import classed
    from mammoflow.reports.extraction import label_exams
    from mammoflow.reports.lexicon import load_lexicon
    from mammoflow.reports.rules import load_rules

    given, made, policy = snakemake.input, snakemake.output, snakemake.params.policy
    task = tasks.load(given.task)
    found = label_exams(
        tables.read(given.reports, tables.REPORTS),
        tables.read(given.texts, tables.TEXTS),
        lexicon=load_lexicon(given.lexicon),
        rules=load_rules(given.rules, attribute=task.attribute, policies=policy["policies"]),
        sides_differ=policy["sides_differ"],
    )
    labels = classed(found.labels, task)
    for (level, status, reason), count in labels.groupby(["level", "status", "reason"]).size().items():
        log.info("%s labels %s: %d %s", level, status, count, reason)
    make_private(Path(made.mentions).parent)
    tables.write(found.mentions, made.mentions, tables.MENTIONS, mode=0o600)
    tables.write(found.corrections, made.corrections, tables.CORRECTIONS, mode=0o600)
    tables.write(labels, made.labels, tables.LABELS)
