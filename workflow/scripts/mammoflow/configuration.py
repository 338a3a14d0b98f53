"""Checks a configuration and says what is wrong with it in one line."""

import json
import math
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from mammoflow import layouts, tasks
from mammoflow.errors import UserError
from mammoflow.layouts import REPORT_TABLES
from mammoflow.tasks import Task

# What a DICOM header may name an exam by; the first is the default.
EXAM_KEYS = ("AccessionNumber", "StudyInstanceUID")

# Where labels may come from; of the public data sets that are not named here, from their own annotations.
_SOURCES = {
    "demo": ("reports",),
    "folder": ("reports", "table"),
    "cdd_cesm": ("dataset", "reports"),
    "dmid": ("dataset", "reports"),
}

# Methods that are fitted on labels of training images; of merge and calibrate it depends on what they take.
TRAINED = ("linear_probe", "logistic_regression", "nearest_neighbours", "fine_tune", "histogram")

# Methods that can be trained on few images a class.
FEW_SHOT = ("linear_probe", "logistic_regression", "fine_tune")

# What may get a label, from coarse to fine.
_LEVELS = ("exam", "breast", "image")

# What the workflow writes for a person to decide.
REVIEW = Path("private/review.tsv")

# What the workflow writes, and takes back as split.test_patients.
TEST_PATIENTS = Path("results/splits/test_patients.tsv")

# Matching tables of an earlier run.
FROZEN = ("tables.tsv", "tables.safetensors")

# JSON Schema takes 4.0 for an integer, and NaN for a number between any two: neither is one here.
_TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
        "number": lambda _, value: (
            isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        ),
    }
)
_Validator = validators.extend(Draft202012Validator, type_checker=_TYPES)
_TYPE_NAMES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "a mapping",
}


def check(config: dict[str, Any], schema: str | Path) -> None:
    """Check a merged configuration against the schema, and what the schema cannot say.

    Raises
    ------
    UserError
        In one line: the key, the value, and what is allowed.
    """
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    errors = sorted(_Validator(rules).iter_errors(config), key=lambda e: [str(part) for part in e.absolute_path])
    if errors:
        raise UserError(_said(errors[0], rules["$defs"]))
    _check_references(config)
    # Tasks lie beside the schema, in the same checkout.
    task = tasks.load(Path(schema).resolve().parents[2] / "resources/tasks" / f"{config['task']}.yaml")
    _check_task(task, config["labels"]["source"])
    _check_presence(task, predicted(config))
    if config["labels"]["source"] == "dataset":
        _check_annotated(task, config["dataset"], config["labels"])


def _check_references(config: dict[str, Any]) -> None:
    """Names that point into a catalogue must be in it."""
    for name in config["run"]:
        _in_catalogue(config, "experiments", name, "run")
    for name, experiment in config["experiments"].items():
        _check_taken(config, name)
        for key, catalogue in (("recipe", "recipes"), ("encoder", "encoders")):
            if key in experiment:
                _in_catalogue(config, catalogue, experiment[key], f"experiments.{name}.{key}")
        _check_encoder(config, name)
    for name in config["few_shot"]["experiments"]:
        _in_catalogue(config, "experiments", name, "few_shot.experiments")
        if config["experiments"][name]["method"] not in FEW_SHOT:
            raise UserError(
                f"config: few_shot.experiments is {name!r}; allowed: experiments of method {', '.join(FEW_SHOT)}"
            )
    most = config["scan"]["longest_side"]
    used = {experiment.get("recipe") for experiment in predicted(config).values()}
    for name, recipe in config["recipes"].items():
        if recipe["longest_side"] > most:
            raise UserError(
                f"config: recipes.{name}.longest_side is {recipe['longest_side']}; "
                f"allowed: at most scan.longest_side, {most}"
            )
        _check_frozen(name, recipe, used=name in used)
    if "predict" not in config:  # where a saved model has its weights
        _check_weights_files(config)
    if config["labels"]["source"] == "none" and "predict" in config:
        _check_unlabelled(config["dataset"])
    else:
        _check_sources(config["dataset"], config["labels"])
    _check_translation(config["translate"]["engine"], config["labels"])
    _check_split(config)


def taken(experiment: dict[str, Any]) -> list[str]:
    """The experiments whose predictions an experiment is made of: a merge's members, what a calibration is from."""
    return [experiment["from"]] if "from" in experiment else list(experiment.get("of", []))


def predicted(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The experiments to predict: those in `run`, in its order, and after them others that these are made of."""
    experiments, names = config["experiments"], list(config["run"])
    for name in names:  # which grows meanwhile
        names += [one for one in taken(experiments[name]) if one not in names]
    return {name: experiments[name] for name in names}


def views_of(experiments: dict[str, dict[str, Any]], name: str) -> list[str]:
    """Views that an experiment predicts, those of all that it is made of together; none named where it predicts all."""
    made_of = taken(experiments[name])
    if not made_of:
        return list(experiments[name].get("views", []))
    views = [views_of(experiments, one) for one in made_of]
    return sorted(set().union(*views)) if all(views) else []


def is_trained(experiments: dict[str, dict[str, Any]], name: str) -> bool:
    """Whether labels of training images were used for an experiment, or for anything that it is made of."""
    made_of = taken(experiments[name])
    return experiments[name]["method"] in TRAINED or any(is_trained(experiments, one) for one in made_of)


def features_of(config: dict[str, Any], name: str) -> str:
    """The vectors of its encoder that an experiment uses; one of images only has none but its trunk's."""
    experiment = config["experiments"][name]
    of_kind = "trunk" if _is_image_only(config["encoders"][experiment["encoder"]]) else "projected"
    return str(experiment.get("features", of_kind))


def without_paths(dataset: dict[str, Any]) -> dict[str, Any]:
    """The config's `dataset` without the places of files, which may be a patient's and change when data is moved."""
    kept = {key: value for key, value in dataset.items() if key not in ("root", "images", "reports")}
    if "image_table" in kept:
        kept["image_table"] = {key: value for key, value in kept["image_table"].items() if key != "file"}
    return kept


def without_label_files(labels: dict[str, Any]) -> dict[str, Any]:
    """The config's `labels` without the user's files, which no extraction looks at."""
    return {key: value for key, value in labels.items() if key not in ("table", "corrections", "audit")}


def without_split_files(split: dict[str, Any]) -> dict[str, Any]:
    """The config's `split` without the user's files."""
    return {key: value for key, value in split.items() if key not in ("test_patients", "same_persons")}


def fitted(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe for fitting its tables, on which its drawing has no bearing, so that a change there refits nothing."""
    # What a recipe must have is given a fixed value.
    drawing = ("orientation", "aspect", "bits", "clip", "tiles")
    kept = {key: value for key, value in recipe.items() if key not in drawing}
    return without_frozen(kept) | {"crop": "none", "longest_side": 0}


def drawn(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe for drawing pictures by tables that are there."""
    fitting = ("reference", "pooling", "device_min_images", "unseen_device", "frozen")
    return {key: value for key, value in recipe.items() if key not in fitting}


def without_frozen(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe without the folder of its tables, which is a place on the user's machine."""
    return {key: value for key, value in recipe.items() if key != "frozen"}


def without_weights_place(experiment: dict[str, Any]) -> dict[str, Any]:
    """An experiment with the name of its file of weights, but not with its place on the user's machine."""
    named = {"weights_file": Path(experiment["weights_file"]).name} if "weights_file" in experiment else {}
    return experiment | named


def header_key(dataset: dict[str, Any]) -> str:
    """The tag of a DICOM header that names an exam; `exam_key` may name a column of a table of pictures instead."""
    key = dataset.get("exam_key")
    return key if key in EXAM_KEYS else EXAM_KEYS[0]


def _check_frozen(name: str, recipe: dict[str, Any], *, used: bool) -> None:
    """Tables of an earlier run are fitted on nothing, and must be there."""
    if "frozen" not in recipe:
        return
    for key in ("reference", "pooling", "device_min_images"):
        if key in recipe:
            raise UserError(
                f"config: recipes.{name}.{key} is {_shown(recipe[key])}; allowed: only without recipes.{name}.frozen"
            )
    if Path(recipe["frozen"]).resolve() == Path(f"results/matching/{name}").resolve():
        raise UserError(
            f"config: recipes.{name}.frozen is {recipe['frozen']!r}, which this run writes; allowed: a copy elsewhere"
        )
    if used and not all((Path(recipe["frozen"]) / file).is_file() for file in FROZEN):
        raise UserError(
            f"config: recipes.{name}.frozen is {recipe['frozen']!r}; "
            f"allowed: a folder that holds {' and '.join(FROZEN)}"
        )


def _check_weights_files(config: dict[str, Any]) -> None:
    """The weights of a network are fetched by its name with tag, or stand in a file, which must be there."""
    used = predicted(config)
    for name, experiment in config["experiments"].items():
        if experiment["method"] != "fine_tune":
            continue
        if "weights_file" not in experiment and "." not in experiment["model"]:
            raise UserError(
                f"config: experiments.{name}.model is {experiment['model']!r}; allowed: a name with its tag, such as "
                "resnet18.a1_in1k, unless weights_file is given"
            )
        if "weights_file" not in experiment or name not in used:
            continue
        given = f"config: experiments.{name}.weights_file is {_shown(experiment['weights_file'])}"
        if config["weights"] == "random":
            raise UserError(f"{given}; allowed: only where weights is pretrained")
        if not Path(experiment["weights_file"]).is_file():
            raise UserError(f"{given}; allowed: a file, which is not there")


def _check_split(config: dict[str, Any]) -> None:
    """A test set of the data set's own, or of an earlier run, must be there; the demo's patients are all different."""
    dataset, split = config["dataset"], config["split"]
    has_official = dataset["kind"] != "demo" and layouts.of(dataset, config["labels"]).has_official_split
    if split["official"] and not has_official:
        raise UserError(
            f"config: split.official is {_shown(split['official'])}; "
            f"allowed: false, as dataset.kind {dataset['kind']!r} has no split of its own"
        )
    if "same_persons" in split and dataset["kind"] == "demo":
        raise UserError(
            f"config: split.same_persons is {_shown(split['same_persons'])}; "
            "allowed: only where dataset.kind is not 'demo'"
        )
    if "test_patients" not in split:
        return
    given = f"config: split.test_patients is {_shown(split['test_patients'])}"
    if split["official"]:
        raise UserError(f"{given}; allowed: only where split.official is false")
    if Path(split["test_patients"]).resolve() == TEST_PATIENTS.resolve():
        raise UserError(f"{given}, which this run writes; allowed: a copy elsewhere")
    if not Path(split["test_patients"]).is_file():
        raise UserError(f"{given}; allowed: the test_patients.tsv of an earlier run, which is not there")


def _check_sources(dataset: dict[str, Any], labels: dict[str, Any]) -> None:
    """Labels must come from something that the data set has."""
    kind, source = dataset["kind"], labels["source"]
    allowed = _SOURCES.get(kind, ("dataset",))
    if source not in allowed:
        raise UserError(
            f"config: labels.source is {source!r}; allowed: {', '.join(allowed)}, as dataset.kind is {kind!r}"
            + (f"; give config/{kind}.yaml as an overlay" if "dataset" in allowed else "")
        )
    if kind == "folder":
        _check_folder(dataset, labels)
    _check_beside_reports(kind, labels)


def _check_unlabelled(dataset: dict[str, Any]) -> None:
    """Images without labels are new ones, for a saved model; reports of theirs would be read for nothing."""
    if dataset["kind"] == "folder" and ("images" not in dataset or "reports" in dataset):
        raise UserError(
            f"config: dataset is {_shown(without_paths(dataset))}; allowed where labels.source is 'none': a mapping "
            "with images and without reports"
        )


def _check_beside_reports(kind: str, labels: dict[str, Any]) -> None:
    """Corrections, and labels to audit by, go with labels from reports."""
    for key, kinds in (("corrections", ("folder", "cdd_cesm", "dmid")), ("audit", ("folder",))):
        if key in labels and (labels["source"] != "reports" or kind not in kinds):
            raise UserError(
                f"config: labels.{key} is given; allowed: only where labels.source is 'reports' and dataset.kind is "
                + " or ".join(map(repr, kinds))
            )
    if Path(labels.get("corrections", "")).resolve() == REVIEW.resolve():
        raise UserError(
            f"config: labels.corrections is {labels['corrections']!r}, which the workflow writes anew; "
            "allowed: a copy of it under another name"
        )


def _check_task(task: Task, source: str) -> None:
    """Reports are read for BI-RADS density, and for nothing else."""
    if source == "reports" and task.attribute != "density":
        raise UserError(
            f"config: task is {task.key!r}, a task of {task.attribute}; "
            "allowed: a task of density (density, dense), as labels.source is 'reports'"
        )


def _check_presence(task: Task, experiments: dict[str, dict[str, Any]]) -> None:
    """Whether a lesion is outlined tells two classes apart, and no more."""
    for name, experiment in experiments.items():
        if experiment["method"] == "roi_presence" and len(task.classes) != 2:
            raise UserError(
                f"config: experiments.{name}.method is 'roi_presence'; allowed: only for a task of two classes "
                f"(dense, benign_malignant), as task is {task.key!r}"
            )


def _check_annotated(task: Task, dataset: dict[str, Any], labels: dict[str, Any]) -> None:
    """A public data set must state what the task is about, and of things as small as those that get a label."""
    kind, annotates = dataset["kind"], layouts.of(dataset, labels).annotates
    if task.attribute not in annotates:
        raise UserError(
            f"config: task is {task.key!r}, a task of {task.attribute}; "
            f"allowed: a task of {' or '.join(annotates)}, as dataset.kind is {kind!r}"
        )
    finest = annotates[task.attribute]
    allowed = _LEVELS[: _LEVELS.index(finest) + 1]
    if labels["level"] not in allowed:
        raise UserError(
            f"config: labels.level is {labels['level']!r}; "
            f"allowed: {', '.join(allowed)}, as {kind!r} states {task.attribute} by {finest}"
        )


def _check_translation(engine: str, labels: dict[str, Any]) -> None:
    """Only reports are translated, and labels of translations need them."""
    if labels["source"] != "reports":
        for key, value, allowed in (
            ("labels.language", labels["language"], "original"),
            ("translate.engine", engine, "none"),
        ):
            if value != allowed:
                raise UserError(
                    f"config: {key} is {value!r}; allowed: {allowed}, as labels.source is {labels['source']!r}"
                )
    if labels["language"] == "translation" and engine == "none":
        raise UserError("config: labels.language is 'translation'; allowed: original, as translate.engine is 'none'")


def _check_folder(dataset: dict[str, Any], labels: dict[str, Any]) -> None:
    if "images" not in dataset and "reports" not in dataset:
        raise UserError("config: dataset.images is missing; allowed: a folder, unless dataset.reports is given")
    if labels["source"] == "reports" and "reports" not in dataset:
        raise UserError("config: dataset.reports is missing; labels.source is 'reports'; allowed: a folder or table")
    is_table = Path(dataset.get("reports", "")).suffix.lower() in REPORT_TABLES
    if is_table and "report_columns" not in dataset:
        raise UserError("config: dataset.report_columns is missing; allowed: a mapping with keys exam, text")
    if "reports" in dataset and not is_table and "report_columns" in dataset:
        raise UserError(
            f"config: dataset.report_columns is {_shown(dataset['report_columns'])}; allowed where dataset.reports is "
            f"a table: {', '.join(REPORT_TABLES)}"
        )
    if "image_table" not in dataset and dataset.get("exam_key", EXAM_KEYS[0]) not in EXAM_KEYS:
        raise UserError(f"config: dataset.exam_key is {dataset['exam_key']!r}; allowed: {', '.join(EXAM_KEYS)}")
    if labels["source"] == "table":
        _check_label_table(dataset, labels)


def _check_label_table(dataset: dict[str, Any], labels: dict[str, Any]) -> None:
    if "images" not in dataset:
        raise UserError("config: dataset.images is missing; allowed: a folder, as labels.source is 'table'")
    if "table" not in labels:
        if "label_column" not in dataset.get("image_table", {}):
            raise UserError("config: labels.table is missing; allowed: a file, or image_table.label_column instead")
        if labels["level"] != "image":
            raise UserError(f"config: labels.level is {labels['level']!r}; allowed for image_table.label_column: image")
        return
    needed = ["id_column", "label_column"] + (["side_column"] if labels["level"] == "breast" else [])
    for key in needed:
        if key not in labels:
            raise UserError(f"config: labels.{key} is missing; allowed: a column of labels.table")


def _check_taken(config: dict[str, Any], name: str) -> None:
    """A merge combines experiments that predict by themselves, or calibrated ones; a calibration is not of another."""
    experiment = config["experiments"][name]
    key, refused = ("from", ["calibrate"]) if "from" in experiment else ("of", ["merge"])
    for one in taken(experiment):
        _in_catalogue(config, "experiments", one, f"experiments.{name}.{key}")
        method = config["experiments"][one]["method"]
        # What a merge takes may be calibrated, but not from a merge, or experiments could be made of each other.
        source = config["experiments"].get(config["experiments"][one].get("from", ""), {})
        if method in refused or (key == "of" and source.get("method") == "merge"):
            raise UserError(
                f"config: experiments.{name}.{key} is {one!r}; "
                f"allowed: experiments of another method than {refused[0]}, and not made of one"
            )
    prior = experiment.get("prior", {})
    if prior and (experiment["by"] != "prior" or abs(sum(prior.values()) - 1) > 1e-6):
        raise UserError(
            f"config: experiments.{name}.prior is {prior!r}; allowed: shares that sum to 1, where by is 'prior'"
        )


def _check_encoder(config: dict[str, Any], name: str) -> None:
    """An encoder of images only has no texts, nor vectors among them."""
    experiment = config["experiments"][name]
    if "encoder" not in experiment or not _is_image_only(config["encoders"][experiment["encoder"]]):
        return
    if experiment["method"] == "zero_shot":
        raise UserError(
            f"config: experiments.{name}.encoder is {experiment['encoder']!r}, which encodes images only; "
            "allowed: an encoder of kind open_clip"
        )
    if experiment.get("features") == "projected":
        raise UserError(
            f"config: experiments.{name}.features is 'projected'; "
            f"allowed: trunk, as encoder {experiment['encoder']!r} encodes images only"
        )


def _is_image_only(encoder: dict[str, Any]) -> bool:
    return encoder.get("kind") == "timm"


def _in_catalogue(config: dict[str, Any], catalogue: str, name: str, key: str) -> None:
    if name not in config[catalogue]:
        raise UserError(f"config: {key} is {name!r}; allowed: a name under {catalogue}: {', '.join(config[catalogue])}")


def _said(error: ValidationError, definitions: dict[str, Any]) -> str:
    """One line for a schema error."""
    path = [str(part) for part in error.absolute_path]
    value = error.instance
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema["properties"])
        wrong = next(key for key in value if key not in allowed)
        key = ".".join([*path, str(wrong)])
        return f"config: {key} is {_shown(value[wrong])}; there is no such key; allowed keys: {', '.join(allowed)}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in value)
        schema = error.schema["properties"].get(missing, {})
        schema = definitions.get(schema.get("$ref", "").removeprefix("#/$defs/"), schema)
        return f"config: {'.'.join([*path, missing])} is missing; {_allowed(schema)}"
    if "propertyNames" in error.absolute_schema_path:
        return f"config: {'.'.join([*path, str(value)])}: {_shown(value)} is no name; {_allowed(error.schema)}"
    return f"config: {'.'.join(path)} is {_shown(value)}; {_allowed(error.schema)}"


def _shown(value: object) -> str:
    """A value as YAML writes it, in one line that is not too long."""
    text = json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _allowed(schema: dict[str, Any]) -> str:
    """What a schema allows, in words."""
    if "enum" in schema:
        return "allowed: " + ", ".join(one if isinstance(one, str) else json.dumps(one) for one in schema["enum"])
    if "oneOf" in schema:
        return "allowed: " + "; or ".join(_allowed(one).removeprefix("allowed: ") for one in schema["oneOf"])
    limits = {
        "minimum": "at least {}",
        "exclusiveMinimum": "more than {}",
        "maximum": "at most {}",
        "minItems": "at least {} long",
        "minLength": "at least {} long",
        "pattern": "of the form {}",
    }
    words = [_TYPE_NAMES[schema["type"]]] if "type" in schema else []
    words += [text.format(schema[name]) for name, text in limits.items() if name in schema]
    if schema.get("uniqueItems"):
        words.append("no entry twice")
    if schema.get("properties"):
        words.append(f"with keys {', '.join(schema['properties'])}")
    return "allowed: " + ", ".join(words)
