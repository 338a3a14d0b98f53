"""Draw where in test images each network's score is sensitive, of images that it gets right and wrong."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow.compute import limit_threads

    limit_threads(snakemake.params.threads)

    import numpy as np
    import torch

    from mammoflow import tables, tasks
    from mammoflow.figures import examples, explanations, style
    from mammoflow.models import grad_cam, networks, records

    given, params, output = snakemake.input, snakemake.params, snakemake.output
    task = tasks.load(given.task)
    for at, experiment in enumerate(params.experiments):
        folder = Path(given.records[at]).parent
        record = records.read(folder)
        answered = examples.answers(tables.read(given.predictions[at], tables.PREDICTIONS))
        chosen = examples.choose(answered)
        squares = tables.read(given.squares[at], tables.ARRAYS).set_index("image_id")
        array = np.load(squares["file"].iloc[0], mmap_mode="r", allow_pickle=False)
        pictures = array[squares.loc[chosen["image_id"], "row"].to_numpy(dtype="int64")]
        asked = torch.tensor([record.classes.index(said) for said in chosen["said"]], dtype=torch.int64)
        head = record.training["head"]
        network = networks.load(folder, n_outputs=len(record.classes) - (head == "coral"))
        seen = networks.inputs_of(network, None).of(torch.from_numpy(pictures))
        drawn = zip(chosen.itertuples(), pictures, grad_cam.maps(network, seen, asked, head=head), strict=True)
        figure = explanations.draw(
            [explanations.Example(row.label, row.said, row.probability, *own) for row, *own in drawn],
            answered,
            experiment=experiment,
            seed=params.seed,
            classes=record.classes,
            task=task,
            warning=params.warning,
        )
        style.save(figure, png=output[f"figure_{experiment}"], pdf=output.pdfs[at], svg=output.svgs[at])
