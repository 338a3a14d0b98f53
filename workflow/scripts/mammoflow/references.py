"""Reference pages of docs/, made from what they describe: the configuration's schema, and the schemas of the tables.

    python -m mammoflow.references

writes docs/configuration.md and docs/results.md.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandera.pandas as pa
import yaml

from mammoflow import tables
from mammoflow.files import write_text
from mammoflow.tables import Table

ROOT = Path(__file__).resolve().parents[3]

# Where the tables of each name lie; a table without a place here fails.
PATHS: dict[str, tuple[str, ...]] = {
    "input files": ("private/inputs/{list}.tsv", "results/demo/inputs/{list}.tsv"),
    "reports": ("results/reports/reports.tsv",),
    "report texts": ("private/reports/texts.tsv", "private/translations/texts.tsv"),
    "report sections": ("private/reports/sections.tsv", "private/translations/sections.tsv"),
    "translation": ("results/reports/translation.tsv",),
    "labels": (
        "results/labels/labels.tsv",
        "results/labels/extracted.tsv",
        "results/labels/original.tsv",
        "results/labels/translated.tsv",
    ),
    "mentions": (
        "private/labels/mentions.tsv",
        "private/labels/original_mentions.tsv",
        "private/labels/translation_mentions.tsv",
    ),
    "corrections": (
        "private/labels/corrections.tsv",
        "private/labels/original_corrections.tsv",
        "private/labels/translation_corrections.tsv",
    ),
    "review": ("private/review.tsv",),
    "labels by language": ("results/labels/languages.tsv",),
    "images": ("results/images/images.tsv", "results/images/shards/{shard}.tsv"),
    "withdrawn images": ("results/images/withdrawn.tsv",),
    "births": ("private/images/births/{shard}.tsv",),
    "exams": ("results/cohort/exams.tsv",),
    "patient groups": ("results/cohort/groups.tsv",),
    "labelled images": ("results/cohort/labelled_images.tsv",),
    "classes": ("results/splits/classes.tsv",),
    "test patients": ("results/splits/test_patients.tsv",),
    "manifest": ("results/splits/seed{seed}/manifest.tsv",),
    "siblings": ("results/splits/siblings.tsv",),
    "download": ("results/images/download.tsv",),
    "matching": ("results/matching/{recipe}/tables.tsv",),
    "device classes": ("results/matching/{recipe}/devices.tsv",),
    "bright tissue": ("results/quality/{recipe}/bright_tissue.tsv",),
    "quality": ("results/quality/{recipe}/measures.tsv",),
    "PNG files": ("results/png/{recipe}/{shard}.tsv",),
    "model files": (
        "results/models/encoders/{encoder}.tsv",
        "results/models/networks/{model}.tsv",
        "results/models/translator.tsv",
    ),
    "embeddings": ("results/embeddings/{encoder}/{recipe}/{shard}.tsv",),
    "arrays": ("results/arrays/{recipe}/{side}.tsv",),
    "prompts": ("results/prompts/{encoder}/{prompts}.tsv",),
    "explanations": ("results/explanations/{experiment}.tsv",),
    "domain": ("results/domain/{encoder}/{recipe}.tsv",),
    "predictions": (
        "results/predictions/{experiment}/seed{seed}.tsv",
        "results/shots/{experiment}/k{shots}/seed{seed}.tsv",
        "results/external/{name}/predictions/{experiment}/seed{seed}.tsv",
    ),
    "unit predictions": (
        "results/external/{name}/breasts/{experiment}/seed{seed}.tsv",
        "results/external/{name}/exams/{experiment}/seed{seed}.tsv",
    ),
    "metrics": (
        "results/metrics/{experiment}.tsv",
        "results/metrics/subgroups/{experiment}.tsv",
        "results/external/{name}/metrics/{experiment}.tsv",
    ),
    "all metrics": ("results/tables/metrics.tsv",),
    "comparisons": ("results/metrics/comparisons.tsv",),
    "Table I": ("results/tables/table1.tsv",),
    "learning curve": ("results/training/{experiment}/seed{seed}.tsv",),
    "choices": ("results/training/{experiment}/choices.tsv",),
    "calibration": ("results/calibration/{experiment}.tsv",),
    "shots": ("results/metrics/shots/{experiment}.tsv",),
    "demo truth": ("results/demo/truth.tsv",),
    "label audit": ("results/labels/audit.tsv",),
    "findings": ("results/published/findings.tsv",),
}

GENERATED = "<!-- Made by `make docs`; edit {source}, not this page. -->\n"
NAME = "NAME"  # stands for the name of an entry of a catalogue

CONFIGURATION_INTRODUCTION = """\
# Configuration

`config.yaml` runs the built-in demo. Put your own settings in a file of your own and give it last:
`snakemake --cores 8 --configfile config/cdd_cesm.yaml mine.yaml`. Overlays are merged key by key; a list is replaced
whole, and no overlay can take an entry away. So `recipes`, `encoders` and `experiments` are catalogues, and the list
`run` says what is used of them. An unknown key, or a wrong value, stops the run with one line that says what is
allowed. `make doctor CONFIG=mine.yaml` checks a configuration and says what it lacks on this machine.

Each section below lists its keys, and then what is shipped with its comments. Keys without a value in the column
*shipped* are absent from `config.yaml`; `NAME` stands for a name of your own, of a-z, 0-9 and _.
"""

RESULTS_INTRODUCTION = """\
# Tables

Everything that crosses a stage is a table. Tables are TSV files in UTF-8 with one line of column names, sorted by
their key; no two rows share a key. Both writing and reading check them against what stands here. An empty cell of a
text column is the empty text; an empty cell of a number is missing. Reason codes are explained in
[reason-codes.md](reason-codes.md), the other files of `results/` in the [README](../README.md#what-it-writes).
"""


@dataclass(frozen=True)
class Key:
    """A key of the configuration: its path, its schema, where it is allowed, and whether it must be given there."""

    path: tuple[str, ...]
    schema: dict[str, Any]
    where: str
    required: bool


def configuration_page(schema: dict[str, Any], shipped: str) -> str:
    """The page on the configuration.

    Parameters
    ----------
    schema
        The configuration's JSON schema.
    shipped
        The text of config.yaml.
    """
    values = yaml.safe_load(shipped)
    texts = sections(shipped)
    parts = [GENERATED.format(source="config.yaml and workflow/schemas/config.schema.yaml"), CONFIGURATION_INTRODUCTION]
    for name, own in schema["properties"].items():
        own = _resolved(own, schema)
        head = Key((name,), own, "", name in schema.get("required", ()))
        rows = [head, *united(list(keys(own, schema, (name,))))]
        lines = ["| key | what it is | allowed | shipped |", "|---|---|---|---|"]
        lines += [_key_row(key, values) for key in rows]
        parts.append(f"## {name}\n\n" + "\n".join(lines) + f"\n\n```yaml\n{texts[name]}\n```\n")
    return "\n".join(parts)


def keys(schema: dict[str, Any], root: dict[str, Any], path: tuple[str, ...], where: str = "") -> Iterator[Key]:
    """The keys below a key, in the schema's order; those that only some values of others allow after the rest."""
    for name, own in schema.get("properties", {}).items():
        if own in ({}, True):  # described where it is allowed anyway
            continue
        own = _resolved(own, root)
        yield Key((*path, name), own, where, name in schema.get("required", ()))
        yield from keys(own, root, (*path, name), where)
    entries = schema.get("additionalProperties")
    if isinstance(entries, dict):
        yield from keys(_resolved(entries, root), root, (*path, NAME), where)
    if isinstance(schema.get("items"), dict):
        yield from keys(_resolved(schema["items"], root), root, path, where)
    for case in [schema, *schema.get("allOf", ())]:
        if "then" in case:
            yield from keys(case["then"], root, path, _condition(case.get("if", {}), path))


def united(found: list[Key]) -> list[Key]:
    """Keys that several cases describe alike, as one."""
    alike: dict[str, list[Key]] = {}
    for key in found:
        alike.setdefault(repr((key.path, key.schema, key.required)), []).append(key)
    return [replace(own[0], where=" or ".join(key.where for key in own)) for own in alike.values()]


def sections(text: str) -> dict[str, str]:
    """The lines of each top-level key of a YAML file, the comments right above it included.

    A key may be commented out, and the rest of its paragraph with it.
    """
    found: dict[str, list[str]] = {}
    comments: list[str] = []
    current: list[str] = []
    for line in text.splitlines():
        key = re.match(r"(# (?=[a-z_]+:$))?([A-Za-z0-9_]+):", line)
        if key:
            current = found.setdefault(key[2], [])
            current += [*comments, line]
            comments = current if key[1] else []
        elif line.startswith("#"):
            comments.append(line)
        elif not line.strip():
            comments = []
        else:
            current.append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def results_page(known: list[Table], paths: dict[str, tuple[str, ...]]) -> str:
    """The page on the tables, in the order of `known`; `paths` says where each lies."""
    parts = [GENERATED.format(source="workflow/scripts/mammoflow/tables.py or references.py"), RESULTS_INTRODUCTION]
    index = ["| table | a row is | where |", "|---|---|---|"]
    for table in known:
        places = ", ".join(map(_in_code, paths[table.name]))
        anchor = table.name.lower().replace(" ", "-")
        index.append(f"| [{table.name}](#{anchor}) | {table.about} | {places} |")
    parts.append("\n".join(index) + "\n")
    parts += [_table_section(table, paths[table.name]) for table in known]
    return "\n".join(parts)


def all_tables() -> list[Table]:
    """Every table of the library, in the order of their definition."""
    return [one for one in vars(tables).values() if isinstance(one, Table)]


def pages() -> dict[Path, str]:
    """The generated pages, by their path below the repository."""
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    shipped = (ROOT / "config.yaml").read_text(encoding="utf-8")
    return {
        Path("docs/configuration.md"): configuration_page(schema, shipped),
        Path("docs/results.md"): results_page(all_tables(), PATHS),
    }


def _table_section(table: Table, paths: tuple[str, ...]) -> str:
    """Heading, places, key and columns of one table."""
    lines = ["| column | type | what it is | allowed |", "|---|---|---|---|"]
    for name, column in table.columns.items():
        # A name that is a pattern stands for several columns.
        shown = name.strip("^$").replace(".+", "<class>") if column.regex else name
        lines.append(f"| `{shown}` | {_type(column)} | {column.description} | {_column_allows(column)} |")
    where = ", ".join(map(_in_code, paths))
    key = ", ".join(map(_in_code, table.key))
    about = f"In {where}. A row is {table.about}. Key: {key}."
    return f"## {table.name}\n\n{about}\n\n" + "\n".join(lines) + "\n"


def _type(column: pa.Column) -> str:
    names = {"int64": "whole number", "float64": "number", "bool": "True or False"}
    said = names.get(str(column.dtype).lower(), "text")
    return f"{said}, may be missing" if column.nullable else said


def _column_allows(column: pa.Column) -> str:
    """What the checks of a column allow, in words."""
    said = []
    for check in column.checks:
        limits = check.statistics or {}
        if check.name == "isin":
            said.append(", ".join(_in_code(value) if value else "empty" for value in limits["allowed_values"]))
        elif check.name == "in_range":
            said.append(f"{limits['min_value']} to {limits['max_value']}")
        elif check.name == "greater_than":
            said.append(f"more than {limits['min_value']}")
        elif check.name == "greater_than_or_equal_to":
            said.append(f"at least {limits['min_value']}")
        elif check.name == "str_length":
            said.append("not empty")
        else:
            said.append(check.description or str(check.name))
    return "; ".join(said)


def _key_row(key: Key, values: dict[str, Any]) -> str:
    name = ".".join(key.path)
    conditions = [f"only {key.where}" if key.where else "", "" if key.required else "may be left out"]
    about = key.schema.get("description", "").rstrip(".")
    extra = ", ".join(filter(None, conditions))
    said = f"{about} ({extra})" if extra else about
    return f"| `{name}` | {_cell(said)} | {_cell(_allows(key.schema))} | {_cell(_shipped(key.path, values))} |"


def _allows(schema: dict[str, Any]) -> str:
    """Type, values and limits of a key, in words."""
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return ", ".join(_in_code(json.dumps(one) if isinstance(one, bool) else one) for one in values)
    if "oneOf" in schema:
        return "; or ".join(map(_allows, schema["oneOf"]))
    types = {
        "integer": "a whole number",
        "number": "a number",
        "string": "text",
        "boolean": "true or false",
        "array": "a list",
        "object": "keys, see below" if schema.get("properties") or schema.get("allOf") else "a mapping",
    }
    limits = {
        "minimum": "at least {}",
        "exclusiveMinimum": "more than {}",
        "maximum": "at most {}",
        "exclusiveMaximum": "less than {}",
        "pattern": "of the form `{}`",
    }
    said = [types[schema["type"]]] if isinstance(schema.get("type"), str) else []
    said += [text.format(schema[name]) for name, text in limits.items() if name in schema]
    if schema.get("minItems"):
        said.append(f"at least {schema['minItems']} long")
    if schema.get("minLength"):
        said.append("not empty")
    if isinstance(schema.get("items"), dict) and "type" in schema["items"]:
        said.append(f"each {_allows(schema['items'])}")
    return ", ".join(said)


def _shipped(path: tuple[str, ...], values: Any) -> str:
    """The value in config.yaml; of a mapping nothing, as its keys follow."""
    for name in path:
        if not isinstance(values, dict) or name not in values:
            return ""
        values = values[name]
    if isinstance(values, dict):
        return ""
    return _in_code(yaml.safe_dump(values, default_flow_style=True, width=1000).removesuffix("...\n").strip())


def _condition(test: dict[str, Any], path: tuple[str, ...]) -> str:
    """The condition of a case: the values that keys below `path` must have."""
    said = []
    for name, own in test.get("properties", {}).items():
        allowed = own.get("enum", [own["const"]] if "const" in own else [])
        said.append(f"`{'.'.join((*path, name))}` is {' or '.join(map(str, allowed))}")
    return f"where {' and '.join(said)}" if said else "in some cases"


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed; what stands beside the reference wins."""
    if "$ref" not in schema:
        return schema
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {**root["$defs"][schema["$ref"].removeprefix("#/$defs/")], **beside}


def _in_code(value: object) -> str:
    return f"`{value}`"


def _cell(text: str) -> str:
    """Text that cannot break a row of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    for path, page in pages().items():
        write_text(page, ROOT / path)
