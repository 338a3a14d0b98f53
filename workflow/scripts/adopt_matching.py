"""Take the lookup tables of a saved model for new images."""

import shutil
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import matching, tables
    from mammoflow.files import atomic
    from mammoflow.recipes import Recipe

    given, name = snakemake.input, snakemake.wildcards.recipe
    # A device that the model's cohort did not have is no reason to predict nothing.
    recipe = Recipe(**snakemake.params.recipe | {"unseen_device": "identity"})
    images = tables.read(given.images, tables.IMAGES)
    accounts = tables.read(given.matching, tables.MATCHING)
    arrays = matching.load(given.tables)
    if recipe.matching in ("image", "device"):
        fitted = matching.frozen(name, recipe, accounts, arrays)
        if unseen := matching.check_devices(name, fitted, images[images["status"] == "accepted"]):
            log.warning("%d images are of devices that the model has no table for: left unmatched", unseen)
    log.info("%d tables of the saved model", len(arrays))
    with atomic(snakemake.output.tables) as temporary:
        shutil.copyfile(given.tables, temporary)
    tables.write(accounts, snakemake.output.matching, tables.MATCHING)
