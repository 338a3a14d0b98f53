"""Set the labels extracted beside what the demo's reports really state."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.logs import log
    from mammoflow.reports.extraction import audit

    labels = tables.read(snakemake.input.labels, tables.LABELS)
    truth = tables.read(snakemake.input.truth, tables.TRUTH)
    audited = audit(labels, truth)
    log.info("labels that agree with the truth: %d of %d", audited["agree"].sum(), len(audited))
    tables.write(audited, snakemake.output.audit, tables.AUDIT)
