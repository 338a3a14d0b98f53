"""Checks a configuration and says what is wrong with it in one line."""

import json
import math
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from mammoflow.errors import UserError

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


def _check_references(config: dict[str, Any]) -> None:
    """Names that point into a catalogue must be in it."""
    for name in config["run"]:
        _in_catalogue(config, "experiments", name, "run")
    for name, experiment in config["experiments"].items():
        for key, catalogue in (("recipe", "recipes"), ("encoder", "encoders")):
            if key in experiment:
                _in_catalogue(config, catalogue, experiment[key], f"experiments.{name}.{key}")
    most = config["scan"]["longest_side"]
    for name, recipe in config["recipes"].items():
        if recipe["longest_side"] > most:
            raise UserError(
                f"config: recipes.{name}.longest_side is {recipe['longest_side']}; "
                f"allowed: at most scan.longest_side, {most}"
            )
    if config["labels"]["source"] == "dataset" and config["dataset"]["kind"] == "demo":
        raise UserError("config: labels.source is 'dataset'; allowed: 'reports', as the demo has no annotations")
    if config["labels"]["source"] == "reports" and config["dataset"]["kind"] == "cdd_cesm":
        raise UserError("config: labels.source is 'reports'; allowed: 'dataset'; give config/cdd_cesm.yaml as overlay")


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
        return "allowed: " + ", ".join(map(str, schema["enum"]))
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
