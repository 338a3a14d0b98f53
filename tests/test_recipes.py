"""Recipes in the configuration: which key goes with which matching, and what rules and pages get of them."""

import dataclasses
import re

import pytest
import yaml

from mammoflow import caveats, configuration
from mammoflow.errors import UserError
from mammoflow.recipes import Recipe
from tests.conftest import REPO

SCHEMA = REPO / "workflow/schemas/config.schema.yaml"
SHIPPED = yaml.safe_load((REPO / "config.yaml").read_text(encoding="utf-8"))
OF_RECIPES = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["properties"]["recipes"]["additionalProperties"]
NEEDED = {"tone": "stored_range", "crop": "none", "longest_side": 64}
WAYS = {
    "none": {},
    "image": {"reference": "abc"},
    "device": {"pooling": "plain", "device_min_images": 5, "unseen_device": "identity"},
    "clahe": {"clip": 2.5, "tiles": 4},
}


def checked(recipe, *, used=False):
    config = SHIPPED | {"recipes": SHIPPED["recipes"] | {"mine": recipe}}
    if used:
        mine = {"method": "histogram", "recipe": "mine"}
        config |= {"experiments": config["experiments"] | {"mine": mine}, "run": ["mine"]}
    configuration.check(config, SCHEMA)
    return config


@pytest.mark.parametrize("way", WAYS)
def test_keys_of_a_way_of_matching(way):
    drawing = {"orientation": "left", "aspect": "squash", "bits": 16}
    recipe = NEEDED | {"matching": way} | WAYS[way] | drawing
    checked(recipe)
    Recipe(**recipe)
    foreign = {key: value for other, own in WAYS.items() if other != way for key, value in own.items()}
    for key, value in foreign.items():
        with pytest.raises(UserError, match=rf"config: recipes\.mine\.{key} is .*there is no such key; allowed keys: "):
            checked(recipe | {key: value})


def test_clahe_needs_its_keys():
    with pytest.raises(UserError, match=r"recipes\.mine\.clip is missing"):
        checked(NEEDED | {"matching": "clahe", "tiles": 8})


def properties():
    """Every key of a recipe in the schema, with its description."""
    cases = [case["then"] for case in OF_RECIPES["allOf"]]
    return {name: own for part in [OF_RECIPES, *cases] for name, own in part["properties"].items() if own}


def test_the_schema_has_the_keys_and_the_defaults_of_the_library():
    known = {field.name: field.default for field in dataclasses.fields(Recipe)}
    assert set(known) == set(properties())
    for name, own in properties().items():
        stated = re.search(r"(\w+) where left out", own["description"])
        if stated and name not in ("reference",):
            assert stated[1] == str(known[name]), name


@pytest.mark.parametrize("recipe", SHIPPED["recipes"].values(), ids=SHIPPED["recipes"])
def test_rules_get_the_part_of_a_recipe_that_they_use(recipe):
    assert Recipe(**recipe) == Recipe(**configuration.drawn(recipe))
    fitted = Recipe(**configuration.fitted(recipe))
    assert (fitted.tone, fitted.matching) == (recipe["tone"], recipe["matching"])


def test_drawing_has_no_bearing_on_a_fit_and_fitting_none_on_the_drawing():
    recipe = NEEDED | {"matching": "device"} | WAYS["device"]
    for change in ({"longest_side": 32}, {"crop": "breast"}, {"bits": 16}, {"orientation": "left"}):
        assert configuration.fitted(recipe | change) == configuration.fitted(recipe)
        assert configuration.drawn(recipe | change) != configuration.drawn(recipe)
    for change in ({"pooling": "class_weighted"}, {"unseen_device": "stop"}, {"frozen": "x"}):
        assert configuration.drawn(recipe | change) == configuration.drawn(recipe)


def test_frozen_tables_must_be_there_where_they_are_used(tmp_path):
    recipe = NEEDED | {"matching": "device", "frozen": str(tmp_path)}
    checked(recipe)
    with pytest.raises(UserError, match=r"recipes\.mine\.frozen is .* holds tables.tsv and tables.safetensors"):
        checked(recipe, used=True)
    for name in configuration.FROZEN:
        (tmp_path / name).touch()
    assert str(tmp_path) not in str(caveats.public(checked(recipe, used=True)))
    with pytest.raises(UserError, match=r"recipes\.mine\.pooling is 'plain'; allowed: only without"):
        checked(recipe | {"pooling": "plain"})


def test_frozen_tables_are_not_those_that_the_run_writes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="which this run writes"):
        checked(NEEDED | {"matching": "image", "frozen": "results/matching/mine/"})
