"""Measure an experiment that was trained on few images a class, with intervals over patients."""

from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    from mammoflow import splits, tables
    from mammoflow.evaluation import shots as measured
    from mammoflow.models import few_shot, subsets, views

    params, paths, rows = snakemake.params, iter(snakemake.input.predictions), []
    classes = splits.kept_classes(tables.read(snakemake.input.classes, tables.CLASSES))
    for place, seed in enumerate(params.seeds):
        manifest = tables.read(snakemake.input.manifests[place], tables.MANIFEST)
        manifest = views.restricted(manifest, params.views, classes, experiment=snakemake.wildcards.experiment)
        whole = subsets.rows_of(manifest, classes, weighted=False)
        for shots in params.shots:
            few = few_shot.subset(whole, manifest, shots=shots, n_classes=len(classes), seed=seed)
            trained_on = {
                "n_train_images": len(few.train),
                "n_train_patients": manifest["patient_id"].iloc[few.train].nunique(),
            }
            predictions = tables.read(next(paths), tables.PREDICTIONS)
            found = measured.evaluate(
                predictions,
                resamples=params.evaluation["resamples"],
                bootstrap_seed=params.evaluation["seed"],
                about=f"{shots} images a class, seed {seed}",
            )
            rows += [{"shots": shots, "seed": seed} | trained_on | one for one in found]
    tables.write(tables.frame_of(rows, tables.SHOTS), snakemake.output.metrics, tables.SHOTS)
