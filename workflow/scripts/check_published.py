"""Put published figures to the test: each finding with its numbers and its arithmetic."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.published import checks, findings, loading

    studies = [loading.load(path, snakemake.input.schema) for path in snakemake.input.studies]
    found = findings.as_table(checks.check(studies))
    tables.write(found, snakemake.output.findings, tables.FINDINGS)
