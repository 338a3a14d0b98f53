"""Count the test images of which another image of the same person is used for training, by what is never divided."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import siblings, tables

    labelled = tables.read(snakemake.input.labelled_images, tables.LABELLED_IMAGES)
    paths = zip(snakemake.params.seeds, snakemake.input.manifests, strict=True)
    manifests = {seed: tables.read(path, tables.MANIFEST) for seed, path in paths}
    if snakemake.params.split["unit"] == "patient":
        siblings.check_persons(labelled, manifests)
    found = siblings.by_unit(
        labelled, tables.read(snakemake.input.classes, tables.CLASSES), manifests, **snakemake.params.split
    )
    for row in found[found["label"] == ""].itertuples():
        log.info("by %s, seed %d: %d of %d test images", row.unit, row.seed, row.n_with_sibling, row.n_images)
    tables.write(found, snakemake.output.siblings, tables.SIBLINGS)
