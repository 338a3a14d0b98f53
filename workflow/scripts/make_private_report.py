"""Make the private report: labels with the sentences behind them, and some whole reports in colour."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path

    from mammoflow import files, tables
    from mammoflow.pages import evidence, html
    from mammoflow.privacy import make_private
    from mammoflow.reports import auditing, records

    given, params = snakemake.input, snakemake.params
    labels = tables.read(given.labels, tables.LABELS)
    audit = tables.read(given.audit, tables.AUDIT) if given.get("audit") else None
    of_exams = records.read(given.found)
    chosen = evidence.choose(labels, of_exams, n=params.in_colour)
    page = html.render(
        given.template,
        caveats=params.caveats,
        evidence=evidence.of_labels(labels, of_exams, most=params.most),
        disagreements=None
        if audit is None
        else evidence.of_disagreements(auditing.disagreements(audit), of_exams, most=params.most),
        reports=evidence.reports(labels, of_exams, chosen),
    )
    make_private(Path(snakemake.output.page).parent)
    files.write_text(page, snakemake.output.page, mode=0o600)
