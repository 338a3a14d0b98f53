"""Embed the sentences of a prompt set, unless the same encoder embedded them before."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.compute["threads"])

    from tqdm import tqdm

    from mammoflow import tables, tasks, work
    from mammoflow.models import embeddings, prompt_embeddings, prompts, snapshots

    given, params, output = snakemake.input, snakemake.params, snakemake.output
    laid_out = prompts.lay_out(*prompts.load_all(given.set, given.schema, tasks.load(given.task)))
    sentences = prompt_embeddings.distinct(laid_out)
    files = tables.read(given.encoder, tables.MODEL_FILES)
    key = work.key_of(
        weights=snapshots.fingerprint(files),
        sentences=sentences,
        compute=params.compute,
        libraries=embeddings.libraries(),
        code=params.encoders,
    )

    def encoder() -> prompt_embeddings.TextEncoder:
        """The encoder; torch is imported only where it is needed."""
        from mammoflow.models import encoders

        folder = Path(params.folder)
        snapshots.check(folder, files)
        return encoders.load(folder)

    kept = Path(params.work) / key
    made = prompt_embeddings.encode(sentences, kept, encoder, tqdm)
    log.info("encoded %d of %d sentences", len(sentences) if made else 0, len(sentences))
    prompt_embeddings.write(laid_out, kept, table=output.prompts, vectors=output.vectors)
