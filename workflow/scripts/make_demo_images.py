"""Make the demo's mammograms whose paths fall into this shard, and the list of them."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path

    from tqdm import tqdm

    from mammoflow import tables
    from mammoflow.demo import mammograms, patients
    from mammoflow.inputs import shard_of

    demo, shards = snakemake.params.demo, snakemake.params.shards
    exams = patients.exams(count=demo["exams"], seed=demo["seed"], class_mix=demo["class_mix"], devices=demo["devices"])
    files = [
        file
        for file in patients.image_files(exams)
        if shard_of(file.relative, shards) == int(snakemake.wildcards.shard)
    ]
    rows = [mammograms.write(file, Path(snakemake.params.folder)) for file in tqdm(files, unit="image")]
    tables.write(tables.frame_of(rows, tables.INPUT_FILES), snakemake.output.files, tables.INPUT_FILES)
