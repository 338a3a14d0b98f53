"""Put each labelled image into train, validation or test for every seed."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import splits, tables

    given, params = snakemake.input, snakemake.params
    labelled_images = tables.read(given.labelled_images, tables.LABELLED_IMAGES)
    test_patients = tables.read(given.test_patients, tables.TEST_PATIENTS)
    classes = tables.read(given.classes, tables.CLASSES)
    for seed, path in zip(params.seeds, snakemake.output.manifests, strict=True):
        manifest = splits.manifest(labelled_images, test_patients, classes, seed=seed, **params.split)
        for (subset, label), count in manifest.groupby(["subset", "label"]).size().items():
            log.info("seed %d, %s %s: %d images", seed, subset, label, count)
        tables.write(manifest, path, tables.MANIFEST)
