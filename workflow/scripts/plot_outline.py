"""Draw the outline of the method from the rules in use."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import outline
    from mammoflow.figures import outline as diagram
    from mammoflow.figures import style

    output = snakemake.output
    stages = outline.read(Path(snakemake.input.snakefile), snakemake.params.rules)
    figure = diagram.draw(stages, warning=snakemake.params.warning)
    style.save(figure, png=output.figure, pdf=output.pdf, svg=output.svg)
