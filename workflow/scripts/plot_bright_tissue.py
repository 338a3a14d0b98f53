"""Draw the share of bright tissue by class, before and after the matching of every recipe."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import tables, tasks
    from mammoflow.figures import brightness, style

    given, params, output = snakemake.input, snakemake.params, snakemake.output
    task = tasks.load(given.task)
    for at, (recipe, way) in enumerate(params.matching.items()):
        figure = brightness.draw(
            tables.read(given.bright_tissue[at], tables.BRIGHT_TISSUE),
            tables.read(given.measures[at], tables.QUALITY),
            recipe=recipe,
            way=way,
            task=task,
            warning=params.warning,
        )
        style.save(figure, png=output[f"figure_{recipe}"], pdf=output.pdfs[at], svg=output.svgs[at])
