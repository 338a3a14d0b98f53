"""Hold the labels from reports against those from their translations."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.logs import log
    from mammoflow.reports.languages import compare

    given = snakemake.input
    compared = compare(
        tables.read(given.original, tables.LABELS),
        tables.read(given.translated, tables.LABELS),
        tables.read(given.translation, tables.TRANSLATION),
    )
    log.info("%d of %d translated reports give another label", int((~compared["agree"]).sum()), len(compared))
    tables.write(compared, snakemake.output.languages, tables.LANGUAGES)
