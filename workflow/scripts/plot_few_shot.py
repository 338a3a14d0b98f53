"""Draw how well experiments do when they are trained on few images a class."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import splits, tables
    from mammoflow.figures import few_shot, style

    given, params = snakemake.input, snakemake.params
    figure = few_shot.draw(
        {name: tables.read(path, tables.SHOTS) for name, path in zip(params.experiments, given.shots, strict=True)},
        {name: tables.read(path, tables.METRICS) for name, path in zip(params.zero_shot, given.metrics, strict=True)},
        n_classes=len(splits.kept_classes(tables.read(given.classes, tables.CLASSES))),
        warning=params.warning,
    )
    output = snakemake.output
    style.save(figure, png=output.figure, pdf=output.pdf, svg=output.svg)
