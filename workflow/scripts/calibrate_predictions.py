"""Calibrate the predictions of another experiment, for every seed."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import splits, tables
    from mammoflow.models import calibration

    given, output, params = snakemake.input, snakemake.output, snakemake.params
    classes = splits.kept_classes(tables.read(given.classes, tables.CLASSES))
    fitted_on = "validation" if params.trained else "development"
    rows = []
    for at, seed in enumerate(params.seeds):
        manifest = tables.read(given.manifests[at], tables.MANIFEST)
        predictions = tables.read(given.predictions[at], tables.PREDICTIONS)
        development = calibration.fitting_images(predictions, manifest, "development")
        prior = calibration.prior_of(development, classes, params.prior, experiment=snakemake.wildcards.experiment)
        own = calibration.fitting_images(predictions, manifest, fitted_on)
        fitted = calibration.fit(own, by=params.by, prior=prior)
        log.info("seed %d: fitted on %d %s images", seed, len(own), fitted_on)
        rows += calibration.as_rows(fitted, own, seed=seed, fitted_on=fitted_on)
        tables.write(calibration.calibrated(predictions, fitted), output.predictions[at], tables.PREDICTIONS)
    tables.write(tables.frame_of(rows, tables.CALIBRATION), output.calibration, tables.CALIBRATION)
