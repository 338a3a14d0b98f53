"""Draw the share of bright tissue by class, before and after the matching of a recipe."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables, tasks
    from mammoflow.figures import brightness, style

    figure = brightness.draw(
        tables.read(snakemake.input.bright_tissue, tables.BRIGHT_TISSUE),
        tables.read(snakemake.input.measures, tables.QUALITY),
        recipe=snakemake.wildcards.recipe,
        way=snakemake.params.matching,
        task=tasks.load(snakemake.input.task),
        warning=snakemake.params.warning,
    )
    style.save(figure, png=snakemake.output.figure, pdf=snakemake.output.pdf)
