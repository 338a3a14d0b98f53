"""Set the labels extracted from reports beside what is known of the same exams or breasts."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path

    from mammoflow import datasets, tables, tasks
    from mammoflow.datasets import folder
    from mammoflow.logs import log
    from mammoflow.privacy import Pseudonyms, load_key
    from mammoflow.reports import auditing

    given, params = snakemake.input, snakemake.params
    task = tasks.load(given.task)
    if given.get("truth"):
        known = auditing.known_of_truth(tables.read(given.truth, tables.TRUTH), task)
    else:
        files = tables.read(params.files, tables.INPUT_FILES)
        pseudonyms = Pseudonyms(load_key(given.key), params.dataset, params.ids)
        if params.columns:
            table = Path(files.set_index("relative").loc["labels.audit.table", "path"])
            stated = folder.labels(
                table,
                params.columns,
                level="breast",
                pictures=[],
                task=task,
                without_label=auditing.WITHOUT_LABEL,
                pseudonyms=pseudonyms,
            )
        else:
            stated = datasets.labels(
                params.dataset,
                datasets.own_files(files),
                task=task,
                level="breast",
                sides_differ="ambiguous",
                pseudonyms=pseudonyms,
            )
        known = auditing.known_of_labels(stated)
        log.info("%d of %d rows beside the reports say what the label is", len(known), len(stated))
    audited = auditing.audit(tables.read(given.labels, tables.LABELS), known)
    found = auditing.agreement(audited, task.keys)
    log.info("labels that are what is known: %d of %d; silently wrong: %d", found.agreed, found.n, found.silently_wrong)
    tables.write(audited, snakemake.output.audit, tables.AUDIT)
