"""Save the trained models of every experiment, each in a folder with all that is needed to use it on new images."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    import json
    from dataclasses import asdict
    from itertools import product

    from mammoflow import provenance, splits, tables
    from mammoflow.models import cards, heads, records, saving, schemes

    given, params = snakemake.input, snakemake.params
    classes = splits.kept_classes(tables.read(given.classes, tables.CLASSES))
    # The rule lists what there is for each training experiment by experiment, and within one seed by seed.
    trainings = product(range(len(params.experiments)), range(len(params.seeds)))
    for number, (at, place) in enumerate(trainings):
        seed, settings, tuning = params.seeds[place], params.settings[at], params.tuning[at]
        is_network = settings["method"] == "fine_tune"
        folder, weights = Path(snakemake.output.records[number]).parent, Path(given.weights[number])
        manifest = tables.read(given.manifests[place], tables.MANIFEST)
        source = tables.read(given.sources[at], tables.MODEL_FILES)
        sources = {Path(path).name: Path(path) for path in (given.matching[at], given.tables[at])}
        files = saving.copy(sources | {saving.NETWORK if is_network else saving.HEAD: weights}, folder)
        if is_network:
            scheme = schemes.of(tuning["training"], most_epochs=tuning["most_epochs"], **tuning["replaced"])
            training = {key: tuning[key] for key in ("training", "head", "side")} | asdict(scheme)
            n_outputs = len(classes) - (training["head"] == "coral")
            snapshot = Path(given.sources[at].removesuffix(".tsv"))
            files[saving.CONFIG] = saving.write_network_config(
                snapshot, folder, classes=classes, n_outputs=n_outputs, side=training["side"]
            )
            measured = saving.validation_of(tables.read(given.chosen[number], tables.CURVE), "best")
        else:
            _, about = heads.read(weights)
            training = json.loads(about["settings"]) | {"features": about["features"]}
            choices = tables.read(given.chosen[number], tables.CHOICES)
            measured = saving.validation_of(choices[choices["seed"] == seed], "chosen")
        record = records.Record(
            experiment=params.experiments[at],
            seed=seed,
            task=params.task,
            classes=classes,
            settings=settings,
            training=training,
            recipe=params.recipes[at],
            scan=params.scan,
            source=saving.source_of(params.encoders[at], source),
            data_key=saving.data_key(manifest),
            subsets=saving.subsets_of(manifest),
            split_unit=params.unit,
            validation=measured,
            commit=provenance.code_commit(Path(provenance.__file__).parent),
            warning=params.warning,
            files=files,
        )
        records.write(record, folder, cards.card(record))
    log.info("saved %d models", len(snakemake.output.records))
