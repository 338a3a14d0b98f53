"""Checks a configuration and says what is wrong with it in one line."""

from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from mammoflow.errors import UserError


def check(config: dict[str, Any], schema: str | Path) -> None:
    """Check a merged configuration against the schema, and what the schema cannot say.

    Raises
    ------
    UserError
        In one line: the key, the value, and what is allowed.
    """
    validator = Draft202012Validator(yaml.safe_load(Path(schema).read_text(encoding="utf-8")))
    errors = sorted(validator.iter_errors(config), key=lambda e: [str(part) for part in e.absolute_path])
    if errors:
        raise UserError(_said(errors[0]))
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


def _said(error: ValidationError) -> str:
    """One line for a schema error."""
    where = ".".join(str(part) for part in error.absolute_path)
    value = error.instance
    match error.validator:
        case "additionalProperties":
            allowed = sorted(error.schema["properties"])
            wrong = next(key for key in value if key not in allowed)
            key = f"{where}.{wrong}" if where else str(wrong)
            return f"config: {key} is {value[wrong]!r}; there is no such key; allowed keys: {', '.join(allowed)}"
        case "required":
            missing = next(key for key in error.validator_value if key not in value)
            return f"config: {f'{where}.{missing}' if where else missing} is missing; {_allowed(error, missing)}"
        case "pattern" if error.parent is not None or "propertyNames" in error.absolute_schema_path:
            return f"config: {where} is {value!r}; {_allowed(error)}"
    return f"config: {where} is {'null' if value is None else repr(value)}; {_allowed(error)}"


def _allowed(error: ValidationError, missing: str | None = None) -> str:
    """What the schema allows at this place, in words."""
    schema = error.schema["properties"].get(missing, {}) if missing else error.schema
    if "enum" in schema:
        return "allowed: " + ", ".join(map(str, schema["enum"]))
    limits = {
        "minimum": "at least {}",
        "exclusiveMinimum": "more than {}",
        "maximum": "at most {}",
        "minItems": "at least {} entries",
        "minLength": "at least {} character",
        "pattern": "of the form {}",
    }
    words = [schema["type"]] if isinstance(schema.get("type"), str) else []
    words += [text.format(schema[name]) for name, text in limits.items() if name in schema]
    if schema.get("uniqueItems"):
        words.append("no entry twice")
    return "allowed: " + ", ".join(words)
