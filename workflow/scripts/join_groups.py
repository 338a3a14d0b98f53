"""Join the patients who are one person, so that no split divides them."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import groups, tables
    from mammoflow.privacy import Pseudonyms, load_key

    params = snakemake.params
    same_persons = None
    if params.columns:
        files = tables.read(params.files, tables.INPUT_FILES).set_index("relative")["path"]
        pseudonyms = Pseudonyms(load_key(snakemake.input.key), params.dataset, params.ids)
        same_persons = groups.read_same_persons(Path(files["split.same_persons.table"]), params.columns, pseudonyms)
    joined = groups.join(tables.read(snakemake.input.images, tables.IMAGES), same_persons)
    log.info("%d patients are %d persons", len(joined), joined["group_id"].nunique())
    for reason, count in joined["joined_by"].value_counts().sort_index().items():
        log.info("%s: %d patients", reason, count)
    tables.write(joined, snakemake.output.groups, tables.GROUPS)
