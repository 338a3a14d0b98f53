"""Save the trained models of an experiment, each in a folder with all that is needed to use it on new images."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log, log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    import json
    from dataclasses import asdict

    from mammoflow import provenance, splits, tables
    from mammoflow.models import cards, heads, records, saving, schemes

    given, params = snakemake.input, snakemake.params
    classes = splits.kept_classes(tables.read(given.classes, tables.CLASSES))
    source = tables.read(given.source, tables.MODEL_FILES)
    is_network = params.settings["method"] == "fine_tune"
    for place, seed in enumerate(params.seeds):
        folder = Path(snakemake.output.records[place]).parent
        manifest = tables.read(given.manifests[place], tables.MANIFEST)
        sources = {Path(path).name: Path(path) for path in (given.matching, given.tables)}
        weights = Path(given.weights[place])
        files = saving.copy(sources | {saving.NETWORK if is_network else saving.HEAD: weights}, folder)
        if is_network:
            tuning = params.tuning
            scheme = schemes.of(tuning["training"], most_epochs=tuning["most_epochs"], **tuning["replaced"])
            training = {key: tuning[key] for key in ("training", "head", "side")} | asdict(scheme)
            n_outputs = len(classes) - (training["head"] == "coral")
            files[saving.CONFIG] = saving.write_network_config(
                Path(params.snapshot), folder, classes=classes, n_outputs=n_outputs, side=training["side"]
            )
            measured = saving.validation_of(tables.read(given.chosen[place], tables.CURVE), "best")
        else:
            _, about = heads.read(weights)
            training = json.loads(about["settings"]) | {"features": about["features"]}
            choices = tables.read(given.chosen[0], tables.CHOICES)
            measured = saving.validation_of(choices[choices["seed"] == seed], "chosen")
        record = records.Record(
            experiment=snakemake.wildcards.experiment,
            seed=seed,
            task=params.task,
            classes=classes,
            settings=params.settings,
            training=training,
            recipe=params.recipe,
            scan=params.scan,
            encoder=saving.without_source(params.encoder, source),
            data_key=saving.data_key(manifest),
            subsets=saving.subsets_of(manifest),
            split_unit=params.unit,
            validation=measured,
            commit=provenance.code_commit(Path(provenance.__file__).parent),
            warning=params.warning,
            files=files,
        )
        records.write(record, folder, cards.card(record))
    log.info("saved %d models", len(params.seeds))
