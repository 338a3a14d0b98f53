"""Predict new images, breasts and exams with a saved model."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.threads)

    from tqdm import tqdm

    from mammoflow import tables
    from mammoflow.models import embeddings, external_images, heads, predictions, records, saving

    given, output = snakemake.input, snakemake.output
    folder = Path(given.record).parent
    record = records.read(folder)
    records.check(record, folder)
    images = tables.read(given.images, tables.IMAGES)
    labelled = tables.read(given.labelled, tables.LABELLED_IMAGES) if given.labelled else None
    rows = external_images.rows(images, labelled, record)
    for (status, reason), count in images.groupby(["status", "reason"]).size().items():
        log.info("%s: %d images", f"{status}, {reason}" if reason else status, count)
    if "encoder" in record.settings:
        external_images.check_encoder(tables.read(given.encoder, tables.MODEL_FILES), record)
        head, _ = heads.read(folder / saving.HEAD)
        index = tables.read_all(given.embeddings, tables.EMBEDDINGS)
        probabilities = head.probabilities(embeddings.lookup(index, rows["image_id"], record.training["features"]))
    else:
        from mammoflow.models import saved

        pngs = tables.read_all(given.pngs, tables.PNGS).set_index("image_id")
        probabilities = saved.network_probabilities(
            folder,
            list(pngs.loc[rows["image_id"], "file"]),
            head=record.training["head"],
            classes=len(record.classes),
            side=record.training["side"],
            progress=tqdm,
        )
    found = predictions.as_table(rows, probabilities, record.classes)
    log.info("predicted %d images, %d of them labelled", len(found), (found["label"] != "").sum())
    tables.write(found, output.predictions, tables.PREDICTIONS)
    for level, path in (("breast", output.breasts), ("exam", output.exams)):
        tables.write(
            external_images.of_units(found, level, aggregation=snakemake.params.aggregation),
            path,
            tables.UNIT_PREDICTIONS,
        )
