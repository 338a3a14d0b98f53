"""Draw the mutual similarity of the prompt sets that are used with an encoder."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.figures import prompts, style
    from mammoflow.models import prompt_embeddings

    paths = zip(snakemake.input.prompts, snakemake.input.vectors, strict=True)
    figure = prompts.draw(
        {Path(table).stem: prompt_embeddings.read(table, vectors) for table, vectors in paths},
        encoder=snakemake.wildcards.encoder,
        warning=snakemake.params.warning,
    )
    output = snakemake.output
    style.save(figure, png=output.figure, pdf=output.pdf, svg=output.svg)
