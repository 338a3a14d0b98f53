"""Measure experiments that were trained on few images a class, with intervals over patients."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import splits, tables
    from mammoflow.evaluation import shots as measured
    from mammoflow.evaluation.units import of_persons
    from mammoflow.models import few_shot, subsets, views

    params, paths = snakemake.params, iter(snakemake.input.predictions)
    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    groups = tables.read(snakemake.input.groups, tables.GROUPS)
    manifests = [tables.read(path, tables.MANIFEST) for path in snakemake.input.manifests]
    for (experiment, own_views), output in zip(params.views.items(), snakemake.output.metrics, strict=True):
        rows: list[dict[str, object]] = []
        for seed, of_seed in zip(params.seeds, manifests, strict=True):
            manifest = views.restricted(of_seed, own_views, classes, experiment=experiment)
            whole = subsets.rows_of(manifest, classes, weighted=False)
            for shots in params.shots:
                few = few_shot.subset(whole, manifest, shots=shots, n_classes=len(classes), seed=seed)
                trained_on = {
                    "n_train_images": len(few.train),
                    "n_train_patients": manifest["patient_id"].iloc[few.train].nunique(),
                }
                found = measured.evaluate(
                    of_persons(tables.read(next(paths), tables.PREDICTIONS), groups),
                    resamples=params.evaluation["resamples"],
                    bootstrap_seed=params.evaluation["seed"],
                    about=f"{experiment}, {shots} images a class, seed {seed}",
                )
                rows += [{"shots": shots, "seed": seed} | trained_on | one for one in found]
        tables.write(tables.frame_of(rows, tables.SHOTS), output, tables.SHOTS)
