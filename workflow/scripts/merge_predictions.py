"""Combine the predictions of several experiments for one seed."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables
    from mammoflow.models import predictions

    paths = zip(snakemake.params.members, snakemake.input.predictions, strict=True)
    merged = predictions.merged({name: tables.read(path, tables.PREDICTIONS) for name, path in paths})
    log.info("%d images from %s", len(merged), ", ".join(snakemake.params.members))
    tables.write(merged, snakemake.output.predictions, tables.PREDICTIONS)
