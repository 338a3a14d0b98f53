"""Merge the shards' images and settle files that claim to be the same image."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import scanning, tables

    scans = tables.read_all(snakemake.input.shards, tables.IMAGES)
    images = scanning.merge(scans)
    for (status, reason), count in images.groupby(["status", "reason"]).size().items():
        log.info("%s %s: %d", status, reason, count)
    tables.write(images, snakemake.output.images, tables.IMAGES)
    tables.write(scanning.withdrawn(scans, images), snakemake.output.withdrawn, tables.WITHDRAWN)
