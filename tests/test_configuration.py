"""The configuration: what is shipped passes, and whatever is wrong is said in one line."""

import copy
from pathlib import Path

import pytest
import yaml

from mammoflow import configuration
from mammoflow.errors import UserError

REPO = Path(__file__).resolve().parent.parent
SCHEMA = REPO / "workflow/schemas/config.schema.yaml"
SHIPPED = yaml.safe_load((REPO / "config.yaml").read_text(encoding="utf-8"))
CDD = {"dataset": {"kind": "cdd_cesm", "root": "data", "variant": "subtracted"}, "labels": {"source": "dataset"}}


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
    assert len(said) < 500
    assert said.startswith("config: ")
    return said


def said_path(path):
    return ".".join(map(str, path))


ALL = list(paths(SHIPPED))
SECTIONS = [(), *(path for path in ALL if isinstance(at(SHIPPED, path), dict))]
CATALOGUES = [("recipes",), ("encoders",), ("experiments",)]


def test_shipped_configuration_passes():
    configuration.check(SHIPPED, SCHEMA)


@pytest.mark.parametrize("path", ALL, ids=said_path)
@pytest.mark.parametrize(("value", "shown"), [(None, "null"), (False, "false")], ids=["null", "false"])
def test_wrong_value_names_key_value_and_what_is_allowed(path, value, shown):
    said = message(put(SHIPPED, path, value))
    assert said.startswith(f"config: {said_path(path)} is {shown}; allowed: ")
    assert said.split("allowed: ")[1].strip()


@pytest.mark.parametrize("path", ALL, ids=said_path)
def test_wrong_text(path):
    free = at(SHIPPED, path) == "main"  # encoders.biomedclip.revision: any text
    said = message(put(SHIPPED, path, "" if free else "no such value"))
    assert said.startswith(f"config: {said_path(path)} is ")
    assert "allowed: " in said


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 10**9 + 0.5])
@pytest.mark.parametrize("path", [p for p in ALL if isinstance(at(SHIPPED, p), (int, float))], ids=said_path)
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


REQUIRED = [p for p in ALL if isinstance(p[-1], str) and p[:-1] not in CATALOGUES]


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
        ({"dataset": {"kind": "cdd_cesm"}}, "config: dataset.root is missing; allowed: text, at least 1 long"),
        (
            {"dataset": {"kind": "cdd_cesm", "root": "x"}},
            "config: dataset.variant is missing; allowed: low_energy, subtracted",
        ),
        ({"dataset": {"root": "x"}}, "config: dataset.root is 'x'; there is no such key; allowed keys: kind"),
        (merge(CDD, {"labels": {"source": "table"}}), "config: labels.source is 'table'; allowed: dataset, reports"),
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


def test_overlay_adds_an_experiment_and_replaces_the_list():
    overlay = {"experiments": {"mine": {"method": "histogram", "recipe": "plain"}}, "run": ["mine", "majority"]}
    configuration.check(merge(SHIPPED, overlay), SCHEMA)


def test_overlay_of_a_public_data_set():
    configuration.check(merge(SHIPPED, CDD), SCHEMA)


@pytest.mark.parametrize("overlay", sorted((REPO / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_overlays(overlay):
    config = merge(SHIPPED, yaml.safe_load(overlay.read_text(encoding="utf-8")))
    if config["dataset"]["kind"] != "demo":
        config["dataset"].setdefault("root", "data")
    configuration.check(config, SCHEMA)


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
