"""Read the labels of a hospital's own table."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables, tasks
    from mammoflow.datasets import folder
    from mammoflow.privacy import Pseudonyms, load_key

    params = snakemake.params
    files = tables.read(params.files, tables.INPUT_FILES)
    pictures = [path for shard in params.shards for path in tables.read(shard, tables.INPUT_FILES)["relative"]]
    labels = folder.labels(
        Path(files.set_index("relative").loc[params.table, "path"]),
        params.columns,
        level=params.level,
        pictures=pictures,
        task=tasks.load(snakemake.input.task),
        pseudonyms=Pseudonyms(load_key(snakemake.input.key), params.dataset, params.ids),
    )
    for (status, reason), count in labels.groupby(["status", "reason"]).size().items():
        log.info("labels %s: %d %s", status, count, reason)
    tables.write(labels, snakemake.output.labels, tables.LABELS)
