"""YAML files of the workflow's own kinds, checked against their JSON schema when they are read."""

from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from mammoflow.errors import UserError


def load(path: str | Path, schema: str | Path) -> dict[str, Any]:
    """The content of a YAML file that keeps to a schema.

    Parameters
    ----------
    path
        The YAML file.
    schema
        JSON schema (Draft 2020-12), written as YAML.

    Raises
    ------
    UserError
        If the file is no YAML, or breaks the schema: the place and what is wrong there.
    """
    try:
        data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise UserError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    errors = sorted(Draft202012Validator(rules).iter_errors(data), key=lambda e: [*map(str, e.absolute_path)])
    if errors:
        place = ".".join(map(str, errors[0].absolute_path)) or "the file"
        # What a choice of schemas did not take is said by the choice's own description, where it has one.
        described = errors[0].validator == "oneOf" and "description" in errors[0].schema
        raise UserError(f"{path}, {place}: {errors[0].schema['description'] if described else errors[0].message}")
    return dict(data)
