"""Put each labelled image into train, validation or test for one seed."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import splits, tables

    manifest = splits.manifest(
        tables.read(snakemake.input.labelled_images, tables.LABELLED_IMAGES),
        tables.read(snakemake.input.test_patients, tables.TEST_PATIENTS),
        tables.read(snakemake.input.classes, tables.CLASSES),
        seed=int(snakemake.wildcards.seed),
        **snakemake.params.split,
    )
    for (subset, label), count in manifest.groupby(["subset", "label"]).size().items():
        log.info("%s %s: %d images", subset, label, count)
    tables.write(manifest, snakemake.output.manifest, tables.MANIFEST)
