"""Fit the lookup tables of a recipe on the development images, or take those of an earlier run."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from safetensors.numpy import save_file
    from tqdm import tqdm

    from mammoflow import matching, tables
    from mammoflow.files import atomic
    from mammoflow.recipes import Recipe

    given, name = snakemake.input, snakemake.wildcards.recipe
    recipe = Recipe(**snakemake.params.recipe)
    work = Path(snakemake.params.work)
    images = tables.read(given.images, tables.IMAGES)
    labelled = tables.read(given.labelled_images, tables.LABELLED_IMAGES)
    test_patients = tables.read(given.test_patients, tables.TEST_PATIENTS)
    classes = tables.read(given.classes, tables.CLASSES)
    development = matching.development_images(labelled, test_patients, classes, images)
    picture_of = images.set_index("image_id")["picture"]
    if given.frozen:
        accounts, arrays = given.frozen
        fitted = matching.frozen(name, recipe, tables.read(accounts, tables.MATCHING), matching.load(arrays))
        log.info("%d tables of an earlier run", len(fitted.arrays))
    else:
        matching.check_reference(name, recipe, images, test_patients)
        fitted = matching.fit(
            recipe,
            development,
            lambda image: matching.read_toned(work / picture_of[image], tone=recipe.tone),
            progress=tqdm,
        )
        log.info("%d tables from %d images", len(fitted.arrays), len(development))
    for row in fitted.accounts[fitted.accounts["status"] == "unmatched"].itertuples():
        log.warning("device %s, %d bits, is left unmatched: %s", row.device, row.bits_stored, row.reason)
    if fallback := fitted.accounts["n_fallback"].sum():
        log.warning("%d images have no window in their header: taken by their stored range", fallback)
    if unseen := matching.check_devices(name, fitted, matching.with_bits(labelled, images)):
        log.warning("%d labelled images are of devices without a table: left unmatched", unseen)
    with atomic(snakemake.output.tables) as temporary:
        save_file(fitted.arrays, temporary)
    tables.write(fitted.accounts, snakemake.output.matching, tables.MATCHING)
    tables.write(matching.class_mix(development), snakemake.output.devices, tables.DEVICES)
