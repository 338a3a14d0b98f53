"""What all stages share: the checked configuration, the code hash, and names and paths that follow from the config."""

import logging
import math
import os
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from mammoflow import caveats, configuration, disks, external, inputs, layouts, privacy, running
from mammoflow.code import code_hash
from mammoflow.errors import UserError
from mammoflow.models import records


def stop(error):
    """End Snakemake with one line, without a traceback."""
    print(f"mammoflow: {error}", file=sys.stderr)
    sys.exit(1)


# Where the disk is full Snakemake's log cannot be written either: a page for each line of it would hide ours.
logging.raiseExceptions = False


def shipped(path):
    """A file that comes with the workflow, named relative to the working directory, so that both can be moved."""
    return os.path.relpath(ROOT / path)


SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
try:
    configuration.check(config, SCHEMA)
    if "predict" in config:
        saved = records.read(Path(config["predict"]["model"]))
        config.update(external.settings(config, saved))
        configuration.check(config, SCHEMA)
    if workflow.is_main_process:
        external.check_directory(config.get("predict", {}))
        if not workflow.output_settings.dryrun:
            disks.check()
            running.prepare()
    else:
        AT_WORK = running.at_work()
except UserError as error:
    stop(error)


onstart:
    # Of the run itself, neither of a dry run nor of a job.
    global HELD
    try:
        HELD = running.hold()
    except UserError as error:
        stop(error)


# A saved model on new images, in place of a comparison.
EXTERNAL = config.get("predict", {})
EXTERNAL_FOLDER = f"results/external/{EXTERNAL['name']}" if EXTERNAL else ""
DEMO = config["dataset"]["kind"] == "demo"
# A folder of one's own may hold images or reports only; without images nothing can be predicted.
HAS_IMAGES = config["dataset"]["kind"] != "folder" or "images" in config["dataset"]
# Whether tables, and not DICOM headers, say what images are of.
IS_PUBLIC = config["dataset"]["kind"] not in ("demo", "folder")
IS_DESCRIBED = IS_PUBLIC or "image_table" in config["dataset"]
HAS_REPORTS = config["labels"]["source"] == "reports"
HAS_LABELS = config["labels"]["source"] != "none"
# Exams with one text and one birth date, which may be a person's under two ids, are listed for review.
READS_BIRTHS = not DEMO and not IS_DESCRIBED and HAS_IMAGES and HAS_REPORTS
HAS_TRANSLATION = HAS_REPORTS and config["translate"]["engine"] != "none"
LANGUAGE = config["labels"]["language"]
# The texts, and their sections, that labels can come from.
READ = {
    "original": ["private/reports/texts.tsv", "private/reports/sections.tsv"],
    "translation": ["private/translations/texts.tsv", "private/translations/sections.tsv"],
}
TRANSLATION = "results/reports/translation.tsv"
CORRECTED = "corrections" in config["labels"]
EXTRACTED = "results/labels/extracted.tsv" if CORRECTED else "results/labels/labels.tsv"
SHARDS = [str(shard) for shard in range(config["shards"])]
SEEDS = config["split"]["seeds"]
EXPERIMENTS = {name: config["experiments"][name] for name in config["run"]}
# Members of merges, and what calibrations are from, are predicted too, but only those in `run` are measured and shown.
PREDICTED = configuration.predicted(config)
# Views that each experiment in `run` predicts; none named where it is all.
VIEWS = {name: configuration.views_of(config["experiments"], name) for name in EXPERIMENTS}
ZERO_SHOT = [name for name, own in EXPERIMENTS.items() if own["method"] == "zero_shot"]
# Experiments in `run` that are trained on few images a class, too, and how many.
FEW_SHOT = [name for name in config["few_shot"]["experiments"] if name in EXPERIMENTS]
# Experiments in `run` whose trained models are saved for use on new images.
SAVED = [
    name
    for name in EXPERIMENTS
    if EXPERIMENTS[name]["method"] in ("linear_probe", "logistic_regression", "fine_tune")
]
SHOTS = [*map(str, config["few_shot"]["shots"]), "all"]
ID_KEY = shipped("resources/demo/id.key") if DEMO else "private/id.key"
PUBLISHED = shipped("resources/published/molina_roman_2025.yaml")
LEXICON = shipped("resources/lexicons/mammography.yaml")
TASK = shipped(f"resources/tasks/{config['task']}.yaml")

# The user's files are no input of any rule, because their names may be a patient's: one walk writes lists into
# private/, and rules take a digest of their list. Jobs on other machines read the lists that the walk wrote.
if workflow.is_main_process:
    try:
        privacy.make_private(Path("private"))
        if not DEMO:
            privacy.settle_key(Path(ID_KEY), Path("results/provenance/id_key.txt"))
            inputs.list_files(
                layouts.of(config["dataset"], config["labels"], config["split"]),
                shards=config["shards"],
                private=Path("private"),
            )
    except UserError as error:
        stop(error)


# Rules ask for both when a job's parameters are wanted, and not while the Snakefile is read: every job reads that.
@cache
def digest(name, prefix=""):
    """Changes when a file of this list (a shard, `annotations`) is new, gone, touched or of another size.

    Annotations are listed by the key of the configuration that names them: `prefix` picks some of them.
    """
    return "" if DEMO else inputs.digest(Path(f"private/inputs/{name}.tsv"), prefix)


@cache
def names(name):
    """Changes when a file of this list is new or gone."""
    return inputs.digest(Path(f"private/inputs/{name}.tsv"), names_only=True)


def described():
    """The config's `dataset` as far as it says how files are to be read: without places, and without `partial`."""
    dataset = configuration.without_paths(config["dataset"])
    return {key: value for key, value in dataset.items() if key != "partial"}


def label_table():
    """Configuration key of the table that holds the labels: the table of pictures may."""
    return "labels.table" if "table" in config["labels"] else "dataset.image_table.file"


def label_columns():
    """Columns of that table by configuration key."""
    place, settings, keys = "labels", config["labels"], ("id_column", "label_column", "side_column")
    if "table" not in settings:
        place, settings = "dataset.image_table", config["dataset"]["image_table"]
        keys = ("image_column", "label_column")
    return {f"{place}.{key}": settings[key] for key in keys if key in settings}


def extracted_from(language):
    """Labels as they were extracted from the texts in this language."""
    if language == "translation":
        return "results/labels/translated.tsv"
    return EXTRACTED if LANGUAGE == "original" else "results/labels/original.tsv"


def audit_columns():
    """Columns of the table that labels are audited by, by configuration key."""
    columns = {
        key: name for key, name in config["labels"].get("audit", {}).items() if key != "table"
    }
    return {f"labels.audit.{key}": name for key, name in columns.items()}


def same_person_columns():
    """Columns of the table of same persons, by configuration key; none where there is no such table."""
    columns = {
        key: name for key, name in config["split"].get("same_persons", {}).items() if key != "table"
    }
    return {f"split.same_persons.{key}": name for key, name in columns.items()}


def list_path(name):
    """The list of the files of a shard, of the reports or of the annotations."""
    return f"results/demo/inputs/{name}.tsv" if DEMO else f"private/inputs/{name}.tsv"


def list_input(name):
    """The same list where it is an input: the demo's. A user's is private, and its `digest` is a parameter."""
    return list_path(name) if DEMO else []


def experiments_of(*methods):
    """The experiments of these methods that are predicted."""
    return [name for name, experiment in PREDICTED.items() if experiment["method"] in methods]


def shown_of(*methods):
    """The experiments in `run` of these methods."""
    return [name for name in experiments_of(*methods) if name in EXPERIMENTS]


def only(names):
    """Wildcard constraint: one of these names; one that never matches where there is none."""
    return "|".join(names) or "(?!)"


def recipes_in_use():
    """Recipes that an experiment uses which is predicted, in the config's order."""
    used = {experiment.get("recipe") for experiment in PREDICTED.values()}
    return [name for name in config["recipes"] if name in used]


def recipe_of(name):
    """The recipe of an experiment's pictures; of one made of others, of the first that has one; none without any."""
    own = PREDICTED[name]
    found = [own.get("recipe"), *map(recipe_of, configuration.taken(own))]
    return next(filter(None, found), None)


def rules_in_use():
    """Names of the rules that this configuration may run: those with outputs, for experiments that there are."""
    return sorted(
        one.name
        for one in workflow.rules
        if len(one.output) and "(?!)" not in one.wildcard_constraints.values()
    )


def frozen_tables(wildcards):
    """The tables of an earlier run, where the recipe names its folder; no file of a patient is among them."""
    folder = config["recipes"][wildcards.recipe].get("frozen")
    return [f"{folder}/{file}" for file in configuration.FROZEN] if folder else []


def pngs_of(wildcards):
    """PNG indexes, of every shard, of the recipe of the experiment."""
    recipe = PREDICTED[wildcards.experiment]["recipe"]
    return expand("results/png/{recipe}/{shard}.tsv", recipe=recipe, shard=SHARDS)


def embeddings_of(wildcards):
    """Embedding indexes, of every shard, of the recipe and the encoder of the experiment."""
    path = "results/embeddings/{encoder}/{recipe}/{{shard}}.tsv"
    return expand(path.format(**PREDICTED[wildcards.experiment]), shard=SHARDS)


def encoder_settings(wildcards):
    """How the encoder's snapshot is read, and its vectors are kept."""
    encoder = config["encoders"][wildcards.encoder]
    left_out = {"kind": "open_clip", "resize": "longest", "precision": "float32"}
    return {key: encoder.get(key, value) for key, value in left_out.items()}


def of_experiment(path):
    """Input or params function: `path` with the settings of the experiment filled in."""
    return lambda wildcards: path.format(**PREDICTED[wildcards.experiment])


def each(function, experiments):
    """What an input or params function gives for each of these experiments, where one job is for all of them."""
    return [function(SimpleNamespace(experiment=name)) for name in experiments]


def predictions_of(experiment):
    """Predictions of every seed."""
    return expand(
        "results/predictions/{experiment}/seed{seed}.tsv", experiment=experiment, seed=SEEDS
    )


def prompt_sets_of(encoder):
    """Prompt sets that an experiment uses with this encoder, and the questions about the domain."""
    own = [e for e in PREDICTED.values() if e.get("encoder") == encoder]
    sets = {experiment["prompts"] for experiment in own if "prompts" in experiment}
    return [*sorted(sets), "domain"]


def prompts_of(encoder, ending):
    """The files with this ending of the prompt sets that are used with an encoder."""
    path = "results/prompts/{encoder}/{prompts}.{ending}"
    return expand(path, encoder=encoder, prompts=prompt_sets_of(encoder), ending=ending)


def memory(least, times=8):
    """Megabytes of a job that holds its input tables whole: `least`, and so many times their size.

    Measured for docs/scaling.md: a table takes up to 7 times its size on disk, the vectors that indexes lead to and
    what is read in reports up to 27 times.
    """
    return lambda wildcards, input: least + math.ceil(times * input.size_mb)


def minutes(least):
    """Minutes that a job may take which goes through all images: `least`, and one for each megabyte of its tables."""
    return lambda wildcards, input: least + math.ceil(input.size_mb)


def views_of_experiment(wildcards):
    """Views that the experiment is restricted to; none where it sees all."""
    return PREDICTED[wildcards.experiment].get("views", [])


def taken_by(wildcards):
    """The experiments whose predictions a merge or a calibration takes."""
    return configuration.taken(PREDICTED[wildcards.experiment])


def features_of(wildcards):
    """The vectors of its encoder that the experiment uses."""
    return configuration.features_of(config, wildcards.experiment)


def vectors_of(wildcards):
    """What the experiment's vectors are: their encoder, the pictures that it saw, and which of its features."""
    experiment = PREDICTED[wildcards.experiment]
    resize = config["encoders"][experiment["encoder"]].get("resize", "longest")
    about = {"encoder": experiment["encoder"], "resize": resize, "recipe": experiment["recipe"]}
    return about | {"features": features_of(wildcards)}


def max_epochs(wildcards):
    """Bound of a probe's epochs: the published 200 where the experiment names none; less in the demo."""
    own = PREDICTED[wildcards.experiment].get("max_epochs", 200)
    return min(own, config["demo"]["max_epochs"]) if DEMO else own


def tuning_of(wildcards):
    """How the experiment fine-tunes: its scheme with what it replaces of it, its head, and the side of its pictures."""
    experiment = PREDICTED[wildcards.experiment]
    replaced = ("learning_rate", "weight_decay", "batch", "max_epochs", "patience")
    return {
        "training": experiment.get("training", "paper"),
        "head": experiment.get("head", "softmax"),
        # Tiny untrained networks were made for less.
        "side": experiment.get("side", 160 if config["weights"] == "random" else 224),
        "replaced": {key: experiment[key] for key in replaced if key in experiment},
        "most_epochs": config["demo"]["max_epochs"] if DEMO else None,
    }


def squares_of(wildcards):
    """The index of the array of pictures that the experiment's network sees."""
    recipe = PREDICTED[wildcards.experiment]["recipe"]
    return f"results/arrays/{recipe}/{tuning_of(wildcards)['side']}.tsv"


def chosen_of(wildcards):
    """The tables, one a seed, that say which epoch, or which of several settings, was kept."""
    folder = f"results/training/{wildcards.experiment}"
    if PREDICTED[wildcards.experiment]["method"] == "fine_tune":
        return [f"{folder}/seed{seed}.tsv" for seed in SEEDS]
    return [f"{folder}/choices.tsv"] * len(SEEDS)


def network_of(wildcards):
    """Folder of the network that the experiment begins with; two with weights of one's own never share one."""
    experiment = PREDICTED[wildcards.experiment]
    name = wildcards.experiment if "weights_file" in experiment else experiment["model"]
    return f"results/models/networks/{name}"


def network_files_of(wildcards):
    """The files of that network."""
    return f"{network_of(wildcards)}.tsv"


def own_weights(wildcards):
    """The user's file that a network's weights stand in, and what tells when it is another; none where they are fetched."""
    # Names of models have a tag with a dot, so that none is an experiment's.
    experiment = PREDICTED.get(wildcards.model, {})
    if "weights_file" not in experiment:
        return {}
    about = os.stat(experiment["weights_file"])
    return {
        "file": experiment["weights_file"],
        "model": experiment["model"],
        "bytes": about.st_size,
        "modified": about.st_mtime_ns,
    }


def source_of(wildcards):
    """The files of the snapshot that the experiment began with."""
    experiment = PREDICTED[wildcards.experiment]
    if "model" in experiment:
        return network_files_of(wildcards)
    return f"results/models/encoders/{experiment['encoder']}.tsv"


def encoder_of_experiment(wildcards):
    """Settings of the encoder of the experiment; none of a network, or where its weights are random."""
    experiment = PREDICTED[wildcards.experiment]
    return config["encoders"][experiment["encoder"]] if "encoder" in experiment else {}


def probe_settings(wildcards):
    """Settings of a linear probe as far as the experiment names them, and the bound of its epochs."""
    experiment, found = PREDICTED[wildcards.experiment], {"max_epochs": max_epochs(wildcards)}
    for key in ("batch", "patience"):
        if key in experiment:
            found[key] = experiment[key]
    for key in ("learning_rate", "weight_decay"):
        if key in experiment:
            found[key] = experiment[key] if isinstance(experiment[key], list) else [experiment[key]]
    return found


wildcard_constraints:
    shard=r"\d+",
    seed=r"\d+",
    experiment=only(PREDICTED),
    recipe=only(config["recipes"]),
    encoder=only(config["encoders"]),
    prompts="[a-z0-9_]+",
    shots=r"\d+|all",
    side=r"\d+",
    model=r"[A-Za-z0-9_.]+",
