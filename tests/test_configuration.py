"""The configuration: what is shipped passes, and whatever is wrong is said in one line."""

import copy
import json
from pathlib import Path

import pytest
import yaml

from mammoflow import caveats, configuration
from mammoflow.errors import UserError

REPO = Path(__file__).resolve().parent.parent
SCHEMA = REPO / "workflow/schemas/config.schema.yaml"
SHIPPED = yaml.safe_load((REPO / "config.yaml").read_text(encoding="utf-8"))
CDD = {"dataset": {"kind": "cdd_cesm", "root": "data", "variant": "subtracted"}, "labels": {"source": "dataset"}}
VINDR = {"dataset": {"kind": "vindr_mammo", "root": "data"}, "labels": {"source": "dataset"}}


def paths(value, path=()):
    """Every key of a configuration, at every level, list entries included."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


def put(config, path, value):
    config = copy.deepcopy(config)
    place = config
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return config


def at(config, path):
    for key in path:
        config = config[key]
    return config


def merge(config, overlay):
    """What Snakemake does with --configfile: mappings key by key, anything else replaced."""
    if not isinstance(config, dict) or not isinstance(overlay, dict):
        return copy.deepcopy(overlay)
    return {**config, **{key: merge(config.get(key), value) for key, value in overlay.items()}}


def message(config):
    with pytest.raises(UserError) as caught:
        configuration.check(config, SCHEMA)
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 800
    assert said.startswith("config: ")
    return said


def said_path(path):
    return ".".join(map(str, path))


ALL = list(paths(SHIPPED))
SECTIONS = [(), *(path for path in ALL if isinstance(at(SHIPPED, path), dict))]
CATALOGUES = [("recipes",), ("encoders",), ("experiments",)]


def test_shipped_configuration_passes():
    configuration.check(SHIPPED, SCHEMA)


WRONG = [(path, value) for path in ALL for value in (None, False) if value is not at(SHIPPED, path)]


@pytest.mark.parametrize(("path", "value"), WRONG, ids=[f"{said_path(path)}-{value}" for path, value in WRONG])
def test_wrong_value_names_key_value_and_what_is_allowed(path, value):
    shown = json.dumps(value)
    said = message(put(SHIPPED, path, value))
    assert said.startswith(f"config: {said_path(path)} is {shown}; allowed: ")
    assert said.split("allowed: ")[1].strip()


@pytest.mark.parametrize("path", ALL, ids=said_path)
def test_wrong_text(path):
    free = str(path[-1]).endswith("revision")  # any text
    said = message(put(SHIPPED, path, "" if free else "no such value"))
    assert said.startswith(f"config: {said_path(path)} is ")
    assert "allowed: " in said


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 10**9 + 0.5])
@pytest.mark.parametrize("path", [p for p in ALL if type(at(SHIPPED, p)) in (int, float)], ids=said_path)
def test_wrong_number(path, value):
    said = message(put(SHIPPED, path, value))
    assert said.startswith(f"config: {said_path(path)} is {value!r}; allowed: ")
    assert "number" in said


def test_whole_numbers_with_a_point_are_refused():
    assert message(put(SHIPPED, ("shards",), 4.0)) == (
        "config: shards is 4.0; allowed: a whole number, at least 1, at most 4096"
    )


@pytest.mark.parametrize("path", [p for p in SECTIONS if p not in CATALOGUES], ids=said_path)
def test_unknown_key(path):
    said = message(put(SHIPPED, (*path, "colour"), "red"))
    assert said.startswith(f"config: {said_path((*path, 'colour'))} is 'red'; there is no such key; allowed keys: ")


@pytest.mark.parametrize("path", CATALOGUES, ids=said_path)
@pytest.mark.parametrize("name", ["Mine", "my-own", "my own", "ñ", "", 1])
def test_unfit_name_in_a_catalogue(path, name):
    entry = next(iter(at(SHIPPED, path).values()))
    said = message(put(SHIPPED, (*path, name), entry))
    assert said == f"config: {path[0]}.{name}: {name!r} is no name; allowed: text, of the form ^[a-z0-9_]+$"


OPTIONAL = ("text_revision", "evaluate_on", "training", "head", "side")
REQUIRED = [p for p in ALL if isinstance(p[-1], str) and p[:-1] not in CATALOGUES and p[-1] not in OPTIONAL]


@pytest.mark.parametrize("path", REQUIRED, ids=said_path)
def test_missing_key(path):
    config = copy.deepcopy(SHIPPED)
    del at(config, path[:-1])[path[-1]]
    said = message(config)
    assert said.startswith(f"config: {said_path(path)} is missing; allowed: ")
    assert said.split("allowed: ")[1].strip()


@pytest.mark.parametrize(
    ("overlay", "said"),
    [
        ({"run": ["absent"]}, "config: run is 'absent'; allowed: a name under experiments: "),
        ({"run": ["majority", "majority"]}, "config: run is ['majority', 'majority']; allowed: a list, "),
        ({"run": []}, "config: run is []; allowed: a list, at least 1 long, no entry twice"),
        (
            {"experiments": {"convnext": {"recipe": "absent"}}},
            "config: experiments.convnext.recipe is 'absent'; allowed: a name under recipes: paper, device, plain",
        ),
        (
            {"experiments": {"zero_shot": {"encoder": "absent"}}},
            "config: experiments.zero_shot.encoder is 'absent'; allowed: a name under encoders: biomedclip",
        ),
        (
            {"recipes": {"paper": {"longest_side": 4096}}},
            "config: recipes.paper.longest_side is 4096; allowed: at most scan.longest_side, 2048",
        ),
        (
            {"experiments": {"majority": {"recipe": "paper"}}},
            "config: experiments.majority.recipe is 'paper'; there is ",
        ),
        ({"labels": {"source": "dataset"}}, "config: labels.source is 'dataset'; allowed: reports"),
        (
            {"task": "tissue"},
            "config: task is 'tissue', a task of tissue; allowed: a task of density (density, dense), as labels.source",
        ),
        (
            merge(CDD, {"task": "benign_malignant", "labels": {"source": "reports"}}),
            "config: task is 'benign_malignant', a task of pathology; allowed: a task of density",
        ),
        ({"dataset": {"kind": "cdd_cesm"}}, "config: dataset.root is missing; allowed: text, at least 1 long"),
        (
            {"dataset": {"kind": "cdd_cesm", "root": "x"}},
            "config: dataset.variant is missing; allowed: low_energy, subtracted",
        ),
        ({"dataset": {"root": "x"}}, "config: dataset.root is 'x'; there is no such key; allowed keys: kind"),
        (merge(CDD, {"labels": {"source": "table"}}), "config: labels.source is 'table'; allowed: dataset, reports"),
        (
            {"dataset": {"kind": "embed", "root": "x"}},
            "config: labels.source is 'reports'; allowed: dataset, as dataset.kind is 'embed'; give config/embed.yaml ",
        ),
        (
            {"dataset": {"kind": "embed", "root": "x"}, "labels": {"source": "dataset", "level": "breast"}},
            "config: labels.level is 'breast'; allowed: exam, as 'embed' states density by exam",
        ),
        (
            merge(CDD, {"labels": {"level": "image"}}),
            "config: labels.level is 'image'; allowed: exam, breast, as 'cdd_cesm' states density by breast",
        ),
        (
            merge(CDD, {"task": "tissue"}),
            "config: task is 'tissue', a task of tissue; allowed: a task of density or pathology, as dataset.kind is ",
        ),
        (
            merge(VINDR, {"task": "benign_malignant"}),
            "config: task is 'benign_malignant', a task of pathology; allowed: a task of density, as dataset.kind is ",
        ),
        (
            {"dataset": {"kind": "folder", "reports": "texts", "report_columns": {"exam": "e", "text": "t"}}},
            "config: dataset.report_columns is {'exam': 'e', 'text': 't'}; allowed where dataset.reports is a table:",
        ),
        ({"task": "x" * 1000}, "config: task is 'xxx"),
        ({"task": "two\nlines"}, "config: task is 'two\\nlines'; allowed: density"),
    ],
)
def test_what_overlays_may_get_wrong(overlay, said):
    assert message(merge(SHIPPED, overlay)).startswith(said)


PERSONS = {"table": "same.csv", "patient_column": "id", "person_column": "person"}


@pytest.mark.parametrize(
    ("base", "split", "said"),
    [
        ({}, {"official": "yes"}, "split.official is 'yes'; allowed: false, true, regroup"),
        ({}, {"official": True}, "split.official is true; allowed: false, as dataset.kind 'demo' has no split"),
        (CDD, {"official": "regroup"}, "split.official is 'regroup'; allowed: false, as dataset.kind 'cdd_cesm'"),
        ({}, {"unit": "breast"}, "split.unit is 'breast'; allowed: patient, exam, image"),
        ({}, {"same_persons": PERSONS}, "split.same_persons is {"),
        (CDD, {"same_persons": {"table": "same.csv"}}, "split.same_persons.patient_column is missing; allowed: text"),
        (CDD, {"test_patients": "gone.tsv"}, "split.test_patients is 'gone.tsv'; allowed: the test_patients.tsv of an"),
        (
            CDD,
            {"test_patients": "results/../results/splits/test_patients.tsv"},
            "split.test_patients is 'results/../results/splits/test_patients.tsv', which this run writes; allowed:",
        ),
        (
            VINDR,
            {"test_patients": "earlier.tsv", "official": True},
            "split.test_patients is 'earlier.tsv'; allowed: only where split.official is false",
        ),
    ],
)
def test_what_a_split_may_get_wrong(base, split, said):
    assert message(merge(merge(SHIPPED, base), {"split": split})).startswith(f"config: {said}")


@pytest.mark.parametrize("official", [False, True, "regroup"])
def test_a_split_of_the_data_sets_own(official):
    configuration.check(merge(merge(SHIPPED, VINDR), {"split": {"official": official}}), SCHEMA)


def test_a_split_that_is_given_back(tmp_path):
    (tmp_path / "earlier.tsv").write_text("as it was written")
    split = {"test_patients": str(tmp_path / "earlier.tsv"), "same_persons": PERSONS}
    configuration.check(merge(merge(SHIPPED, CDD), {"split": split}), SCHEMA)


def test_overlay_adds_an_experiment_and_replaces_the_list():
    overlay = {"experiments": {"mine": {"method": "histogram", "recipe": "plain"}}, "run": ["mine", "majority"]}
    configuration.check(merge(SHIPPED, overlay), SCHEMA)


PROBE = {"method": "linear_probe", "recipe": "paper", "encoder": "biomedclip"}
BY_VIEW = {
    "probe_cc": PROBE | {"views": ["CC"]},
    "probe_mlo": PROBE | {"views": ["MLO"], "recipe": "device"},
    "by_view": {"method": "merge", "of": ["probe_cc", "probe_mlo"]},
    "ensemble": {"method": "merge", "of": ["probe_cc", "convnext"]},
}


def test_a_merge_brings_its_members_with_it_after_those_that_run():
    config = merge(SHIPPED, {"experiments": BY_VIEW, "run": ["by_view", "ensemble", "majority", "probe_mlo"]})
    configuration.check(config, SCHEMA)
    predicted = configuration.predicted(config)
    assert list(predicted) == ["by_view", "ensemble", "majority", "probe_mlo", "probe_cc", "convnext"]
    assert predicted["convnext"] == SHIPPED["experiments"]["convnext"]


def test_a_merge_predicts_the_views_of_its_members():
    experiments = merge(SHIPPED, {"experiments": BY_VIEW})["experiments"]
    views = {name: configuration.views_of(experiments, name) for name in (*BY_VIEW, "majority")}
    assert views == {
        "probe_cc": ["CC"],
        "probe_mlo": ["MLO"],
        "by_view": ["CC", "MLO"],
        "ensemble": [],
        "majority": [],
    }


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        ({"method": "merge", "of": ["majority", "gone"]}, "experiments.mine.of is 'gone'; allowed: a name under"),
        ({"method": "merge", "of": ["majority", "by_view"]}, "experiments.mine.of is 'by_view'; allowed: "),
        ({"method": "merge", "of": ["mine", "majority"]}, "experiments.mine.of is 'mine'; allowed: experiments of"),
        ({"method": "merge", "of": ["majority"]}, "experiments.mine.of is ['majority']; allowed: a list, at least 2"),
        ({"method": "merge", "of": ["majority"] * 2}, "experiments.mine.of is ['majority', 'majority']; allowed: a"),
        ({"method": "merge", "of": ["random", "majority"], "views": ["CC"]}, "experiments.mine.views is ['CC']; there"),
        (PROBE | {"views": []}, "experiments.mine.views is []; allowed: a list, at least 1 long, no entry twice"),
        (PROBE | {"views": ["CC", "LAT"]}, "experiments.mine.views.1 is 'LAT'; allowed: CC, MLO"),
        (PROBE | {"of": ["majority", "random"]}, "experiments.mine.of is ['majority', 'random']; there is no such key"),
    ],
)
def test_what_a_merge_and_views_may_get_wrong(experiment, said):
    config = merge(SHIPPED, {"experiments": BY_VIEW | {"mine": experiment}})
    assert message(config).startswith(f"config: {said}")


CALIBRATED = BY_VIEW | {
    "by_view_bias": {"method": "calibrate", "from": "by_view", "by": "bias"},
    "zero_bias": {"method": "calibrate", "from": "zero_shot", "by": "bias"},
    "both": {"method": "merge", "of": ["zero_bias", "majority"]},
}


def test_a_calibration_brings_what_it_is_from_with_it():
    config = merge(SHIPPED, {"experiments": CALIBRATED, "run": ["by_view_bias", "both"]})
    configuration.check(config, SCHEMA)
    found = ["by_view_bias", "both", "by_view", "zero_bias", "majority", "probe_cc", "probe_mlo", "zero_shot"]
    assert list(configuration.predicted(config)) == found
    assert configuration.views_of(config["experiments"], "by_view_bias") == ["CC", "MLO"]
    trained = {name: configuration.is_trained(config["experiments"], name) for name in found}
    assert [name for name, own in trained.items() if own] == ["by_view_bias", "by_view", "probe_cc", "probe_mlo"]


ZERO_SHOT = {"method": "zero_shot", "recipe": "paper", "encoder": "dino", "prompts": "paper"}


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        ({"method": "calibrate", "from": "gone", "by": "bias"}, "mine.from is 'gone'; allowed: a name under"),
        ({"method": "calibrate", "from": "mine", "by": "bias"}, "mine.from is 'mine'; allowed: experiments of another"),
        ({"method": "calibrate", "from": "zero_bias", "by": "bias"}, "mine.from is 'zero_bias'; allowed: experiments"),
        ({"method": "calibrate", "from": "random"}, "mine.by is missing; allowed: bias, temperature, prior"),
        ({"method": "merge", "of": ["by_view_bias", "majority"]}, "mine.of is 'by_view_bias'; allowed: experiments of"),
        (
            {"method": "calibrate", "from": "zero_shot", "by": "prior", "prior": {"a": 0.5, "b": 0.4}},
            "mine.prior is {'a': 0.5, 'b': 0.4}; allowed: shares that sum to 1",
        ),
        (
            {"method": "calibrate", "from": "zero_shot", "by": "bias", "prior": {"a": 0.5, "b": 0.5}},
            "mine.prior is {'a': 0.5, 'b': 0.5}; allowed: shares that sum to 1, where by is 'prior'",
        ),
        (ZERO_SHOT, "mine.encoder is 'dino', which encodes images only; allowed: an encoder of kind open_clip"),
        (PROBE | {"encoder": "dino", "features": "projected"}, "mine.features is 'projected'; allowed: trunk, as"),
        (
            PROBE | {"learning_rate": "fast"},
            "mine.learning_rate is 'fast'; allowed: a number, at least 0, at most 1000; or a list",
        ),
        (
            PROBE | {"learning_rate": []},
            "mine.learning_rate is []; allowed: a number, at least 0, at most 1000; or a list",
        ),
    ],
)
def test_what_encoders_and_calibrations_may_get_wrong(experiment, said):
    dino = {"source": "hf-hub:timm/dino", "revision": "main", "kind": "timm"}
    config = merge(SHIPPED, {"experiments": CALIBRATED | {"mine": experiment}, "encoders": {"dino": dino}})
    assert message(config).startswith(f"config: experiments.{said}")


def test_which_vectors_an_experiment_uses():
    dino = {"source": "hf-hub:timm/dino", "revision": "main", "kind": "timm"}
    own = {"of_images": PROBE | {"encoder": "dino"}, "of_trunk": PROBE | {"features": "trunk"}}
    config = merge(SHIPPED, {"experiments": own, "encoders": {"dino": dino}, "run": ["of_images", "of_trunk"]})
    configuration.check(config, SCHEMA)
    found = [configuration.features_of(config, name) for name in ("of_images", "of_trunk", "linear_probe")]
    assert found == ["trunk", "trunk", "projected"]


def test_curves_of_few_images_are_of_methods_that_can_be_trained_on_them():
    said = message(merge(SHIPPED, {"few_shot": {"experiments": ["majority"]}}))
    assert said == (
        "config: few_shot.experiments is 'majority'; "
        "allowed: experiments of method linear_probe, logistic_regression, fine_tune"
    )


TUNED = {"method": "fine_tune", "recipe": "paper"}


@pytest.mark.parametrize(
    ("weights", "experiment", "said"),
    [
        (
            "pretrained",
            TUNED | {"model": "resnet18"},
            "model is 'resnet18'; allowed: a name with its tag, such as resnet18.a1_in1k, unless weights_file is given",
        ),
        ("pretrained", TUNED | {"model": "../resnet18"}, "model is '../resnet18'; allowed: text, of the form "),
        (
            "pretrained",
            TUNED | {"model": "resnet18", "weights_file": "absent.pth"},
            "weights_file is 'absent.pth'; allowed: a file, which is not there",
        ),
        (
            "pretrained",
            TUNED | {"model": "resnet18", "weights_file": "weights.pkl"},
            "weights_file is 'weights.pkl'; allowed: text, of the form ",
        ),
        (
            "random",
            TUNED | {"model": "resnet18", "weights_file": "absent.pth"},
            "weights_file is 'absent.pth'; allowed: only where weights is pretrained",
        ),
    ],
)
def test_what_a_networks_weights_may_get_wrong(weights, experiment, said):
    overlay = {"weights": weights, "experiments": {"mine": experiment}, "run": ["mine"]}
    assert message(merge(SHIPPED, overlay)).startswith(f"config: experiments.mine.{said}")


def test_a_file_of_weights_is_looked_at_where_it_is_used_and_shown_by_its_name(tmp_path):
    file = tmp_path / "weights.pth"
    own = {"experiments": {"mine": TUNED | {"model": "resnet18", "weights_file": str(file)}}}
    configuration.check(merge(SHIPPED, own), SCHEMA)
    used = merge(SHIPPED, own | {"weights": "pretrained", "run": ["mine"]})
    file.touch()
    configuration.check(used, SCHEMA)
    shown = caveats.public(used)["experiments"]["mine"]
    assert shown == TUNED | {"model": "resnet18", "weights_file": "weights.pth"}


def test_tables_of_a_members_recipe_must_be_there(tmp_path):
    overlay = {"experiments": BY_VIEW, "recipes": {"device": {"frozen": str(tmp_path)}}, "run": ["by_view"]}
    assert message(merge(SHIPPED, overlay)).startswith("config: recipes.device.frozen is ")


def test_presence_of_an_outline_is_for_two_classes():
    said = message(merge(SHIPPED, {"run": ["roi_presence"]}))
    assert said == (
        "config: experiments.roi_presence.method is 'roi_presence'; allowed: only for a task of two classes "
        "(dense, benign_malignant), as task is 'density'"
    )
    merged = {"experiments": {"mine": {"method": "merge", "of": ["roi_presence", "majority"]}}, "run": ["mine"]}
    assert message(merge(SHIPPED, merged)).startswith("config: experiments.roi_presence.method is ")
    configuration.check(merge(SHIPPED, {"task": "dense", "run": ["roi_presence"]}), SCHEMA)
    own = {"experiments": {"roi_presence": {"recipe": "paper"}}}
    assert message(merge(SHIPPED, own)).startswith("config: experiments.roi_presence.recipe is 'paper'; there is no")


def test_the_papers_protocol_splits_by_image_and_makes_classes_equal():
    config = merge(SHIPPED, yaml.safe_load((REPO / "config/paper.yaml").read_text(encoding="utf-8")))
    configuration.check(config, SCHEMA)
    assert {key: config["split"][key] for key in ("unit", "balance", "test_balance", "test", "validation")} == {
        "unit": "image", "balance": "downsample", "test_balance": "downsample", "test": 0.15, "validation": 0.15
    }  # fmt: skip
    own = [config["experiments"][name] for name in config["run"]]
    assert {one["method"] for one in own} == {*published_methods(), "majority", "random", "histogram"}
    assert {one["recipe"] for one in own if "recipe" in one} == {"paper"}
    assert config["recipes"]["paper"]["matching"] == "image"


def published_methods():
    """The methods of the paper's Table I."""
    published = yaml.safe_load((REPO / "resources/published/molina_roman_2025.yaml").read_text(encoding="utf-8"))
    return {result["method"] for result in published["results"]}


def test_overlay_of_a_public_data_set():
    configuration.check(merge(SHIPPED, CDD), SCHEMA)


@pytest.mark.parametrize("overlay", sorted((REPO / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_overlays(overlay):
    config = merge(SHIPPED, yaml.safe_load(overlay.read_text(encoding="utf-8")))
    if config["dataset"]["kind"] != "demo":
        config["dataset"].setdefault("root", "data")
    configuration.check(config, SCHEMA)


def test_a_task_of_density_goes_with_reports():
    configuration.check(merge(SHIPPED, {"task": "dense"}), SCHEMA)


def test_schema_explains_every_key():
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))

    def unexplained(node, path):
        for key, inner in node.get("properties", {}).items():
            if "description" not in inner:
                yield f"{path}.{key}"
            yield from unexplained(inner, f"{path}.{key}")
        if isinstance(node.get("additionalProperties"), dict):
            yield from unexplained(node["additionalProperties"], f"{path}.*")

    assert list(unexplained(schema, "")) == []


@pytest.mark.parametrize(
    ("dataset", "key"),
    [
        ({"kind": "demo"}, "AccessionNumber"),
        ({"kind": "folder", "exam_key": "StudyInstanceUID"}, "StudyInstanceUID"),
        ({"kind": "folder", "exam_key": "column", "image_table": {}}, "AccessionNumber"),
    ],
)
def test_what_names_an_exam_in_a_header(dataset, key):
    assert configuration.header_key(dataset) == key


def test_no_page_shows_the_folder_of_a_model():
    config = yaml.safe_load((REPO / "config.yaml").read_text(encoding="utf-8"))
    config["encoders"]["mine"] = {"source": "local-dir:/home/jane/clip"}
    config["translate"]["source"] = "local-dir:/home/jane/marian"
    shown = caveats.public(config)
    assert "jane" not in str(shown)
    assert shown["encoders"]["mine"]["source"] == "local-dir"
    assert shown["encoders"]["biomedclip"] == config["encoders"]["biomedclip"]
