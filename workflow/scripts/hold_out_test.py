"""Draw the test patients, once for all seeds, and settle which classes are kept."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import splits, tables, tasks

    split = snakemake.params.split
    labelled = tables.read(snakemake.input.labelled_images, tables.LABELLED_IMAGES)
    classes = splits.settle_classes(
        labelled,
        tasks.load(snakemake.input.task).keys,
        min_patients_per_class=split["min_patients_per_class"],
        small_class=split["small_class"],
    )
    test_patients = splits.hold_out(labelled, classes, test=split["test"], test_seed=split["test_seed"])
    for (stratum, held_out), count in test_patients.groupby(["stratum", "held_out"]).size().items():
        log.info("%s %s: %d patients", stratum or "dropped", held_out, count)
    tables.write(classes, snakemake.output.classes, tables.CLASSES)
    tables.write(test_patients, snakemake.output.test_patients, tables.TEST_PATIENTS)
