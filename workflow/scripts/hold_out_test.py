"""Draw the test patients, once for all seeds, and settle which classes are kept."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import sides, splits, tables, tasks

    given, split = snakemake.input, snakemake.params.split
    labelled = tables.read(given.labelled_images, tables.LABELLED_IMAGES)
    classes = splits.settle_classes(
        labelled,
        tasks.load(given.task).keys,
        min_patients_per_class=split["min_patients_per_class"],
        small_class=split["small_class"],
    )
    test_patients = splits.hold_out(
        labelled,
        classes,
        given=sides.read(given.test_patients, unit=split["unit"]) if given.test_patients else None,
        groups=tables.read(given.groups, tables.GROUPS),
        **{key: split[key] for key in ("unit", "test", "test_seed", "official")},
    )
    counts = test_patients.groupby(["stratum", "held_out", "by"]).size()
    for (stratum, held_out, by), count in counts.items():
        log.info("%s %s by %s: %d %ss", stratum or "of no class", held_out, by, count, split["unit"])
    tables.write(classes, snakemake.output.classes, tables.CLASSES)
    tables.write(test_patients, snakemake.output.test_patients, tables.TEST_PATIENTS)
