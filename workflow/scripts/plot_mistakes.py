"""Draw the confident mistakes of every experiment; on a private page with the sentences behind their labels."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from pathlib import Path

    from mammoflow import files, tables
    from mammoflow.figures import mistakes, style
    from mammoflow.pages import html
    from mammoflow.pages import mistakes as private
    from mammoflow.privacy import make_private
    from mammoflow.reports import records

    given, params, output = snakemake.input, snakemake.params, snakemake.output
    # The rule lists the files recipe by recipe, and within one shard by shard.
    recipes = list(dict.fromkeys(params.recipes.values()))
    shards = {name: given.pngs[at * params.shards :][: params.shards] for at, name in enumerate(recipes)}
    labels, of_exams = tables.read(given.labels, tables.LABELS), records.read(given.found) if given.get("found") else {}
    told: dict[str, list[private.Row]] = {}
    for at, (experiment, recipe) in enumerate(params.recipes.items()):
        predictions = tables.read(given.predictions[at], tables.PREDICTIONS)
        pngs = tables.read_all(shards[recipe], tables.PNGS)
        figure = mistakes.draw(
            mistakes.load(predictions, pngs),
            predictions,
            experiment=experiment,
            seed=params.seed,
            warning=params.warning,
        )
        style.save(figure, png=output[f"figure_{experiment}"], pdf=output.pdfs[at], svg=output.svgs[at])
        told[experiment] = private.rows(predictions, labels, of_exams)
    if output.get("page"):
        make_private(Path(output.page).parent)
        figures = {name: private.sheet(output[f"figure_{name}"], name) for name in told}
        page = html.render(given.template, caveats=params.caveats, figures=figures, told=told)
        files.write_text(page, output.page, mode=0o600)
