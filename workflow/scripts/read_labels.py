"""Read the labels that a public data set comes with."""

from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import datasets, tables, tasks
    from mammoflow.privacy import Pseudonyms, load_key

    params = snakemake.params
    files = tables.read(params.files, tables.INPUT_FILES)
    labels = datasets.labels(
        params.dataset,
        datasets.own_files(files),
        task=tasks.load(snakemake.input.task),
        level=params.level,
        sides_differ=params.sides_differ,
        pseudonyms=Pseudonyms(load_key(snakemake.input.key), params.dataset, params.ids),
    )
    log.info("%d rows, %d of them labelled", len(labels), (labels["status"] == "labelled").sum())
    tables.write(labels, snakemake.output.labels, tables.LABELS)
