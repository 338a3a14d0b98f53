"""Put the labels that a person gave in place of those that were extracted."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path

    from mammoflow import tables, tasks
    from mammoflow.logs import log
    from mammoflow.privacy import Pseudonyms, load_key
    from mammoflow.reports.adjudication import adjudicate, read_corrections

    given, params = snakemake.input, snakemake.params
    task = tasks.load(given.task)
    extracted = tables.read(given.labels, tables.LABELS)
    files = tables.read(params.files, tables.INPUT_FILES).set_index("relative")["path"]
    corrections = read_corrections(
        Path(files["labels.corrections"]),
        exam_ids=set(extracted["exam_id"]),
        task=task,
        pseudonyms=Pseudonyms(load_key(given.key), params.dataset, params.ids),
    )
    labels = adjudicate(extracted, corrections, task=task, sides_differ=params.sides_differ)
    exams = {one.exam_id for one in corrections}
    log.info("%d corrections of %d exams, out of %d", len(corrections), len(exams), extracted["exam_id"].nunique())
    tables.write(labels, snakemake.output.labels, tables.LABELS)
