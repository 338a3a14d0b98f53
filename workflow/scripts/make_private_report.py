"""Make the private report: every label with the sentences behind it, and some whole reports in colour."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path

    from mammoflow import files, tables
    from mammoflow.pages import evidence, html
    from mammoflow.privacy import make_private

    given, params = snakemake.input, snakemake.params
    sections = tables.read(given.sections, tables.SECTIONS)
    by_status = evidence.of_labels(tables.read(given.labels, tables.LABELS), sections)
    chosen = evidence.choose(by_status, n=params.in_colour)
    page = html.render(
        given.template,
        caveats=params.caveats,
        evidence=by_status,
        reports=evidence.reports(by_status, sections, chosen),
    )
    make_private(Path(snakemake.output.page).parent)
    files.write_text(page, snakemake.output.page, mode=0o600)
