"""Files of published figures (resources/published): studies, systems and people, checked when they are read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mammoflow import checked_yaml
from mammoflow.errors import UserError

DECIMALS = 2  # of every share that a study prints


def load(path: str | Path, schema: str | Path) -> dict[str, Any]:
    """Read a file of published figures.

    Parameters
    ----------
    path
        YAML file of a study, of systems or of people.
    schema
        JSON schema of such files (workflow/schemas/published.schema.yaml), which says what each key is.

    Raises
    ------
    UserError
        If the file breaks the schema, names a class or a set that it does not have, has rows of unequal length, a range
        that falls, or a share with more decimals than are printed.
    """
    data = checked_yaml.load(path, schema)
    for wrong in _wrong_in_study(data) if data["kind"] == "study" else _wrong_in_list(data):
        raise UserError(f"{path}, {wrong}")
    return data


def _wrong_in_study(study: dict[str, Any]) -> Iterator[str]:
    """What does not fit together in a study."""
    yield from _wrong_counts(study)
    yield from _wrong_results(study)
    yield from _wrong_sentences(study)
    for part in ("results", "sentences"):
        for at, one in enumerate(study.get(part, ())):
            for name, value in [*one.items(), *one.get("code", {}).items()]:
                if isinstance(value, float) and round(value, DECIMALS) != value:
                    yield f"{part}.{at}: {name} {value} has more than {DECIMALS} decimals; give it as it is printed"


def _wrong_counts(study: dict[str, Any]) -> Iterator[str]:
    """Counts that lack a class, or rows that lack a column."""
    classes = list(study["classes"])
    counted = {f"sets.{key}": one["counts"] for key, one in study["sets"].items() if "counts" in one}
    rows: dict[str, tuple[dict[str, list[int]], int]] = {
        f"counts.{one['table']}": (one["rows"], len(one["columns"])) for one in study.get("counts", ())
    }
    if "matrix" in study:
        rows["matrix"] = (study["matrix"]["rows"], len(classes))
    for place, of_class in [*counted.items(), *((place, of_class) for place, (of_class, _) in rows.items())]:
        if set(of_class) != set(classes):
            yield f"{place}: has classes {', '.join(of_class)}; needed: {', '.join(classes)}"
    for place, (of_class, length) in rows.items():
        if any(len(row) != length for row in of_class.values()):
            yield f"{place}: every row needs {length} counts"
    for one in study.get("counts", ()):
        if len(one.get("column_sums", one["columns"])) != len(one["columns"]):
            yield f"counts.{one['table']}: needs a sum of each column"


def _wrong_results(study: dict[str, Any]) -> Iterator[str]:
    """Results of no set, or of no table."""
    for at, result in enumerate(study["results"]):
        if result["subset"] not in study["sets"]:
            yield f"results.{at}: {result['subset']!r} is no set; allowed: {', '.join(study['sets'])}"
        if "table" not in result and "table" not in study:
            yield f"results.{at}: needs a table, its own or one of the study"


def _wrong_sentences(study: dict[str, Any]) -> Iterator[str]:
    """Sentences, or a matrix, of a method without a result, of no class, or of a range that falls."""
    classes = list(study["classes"])
    methods = [result["method"] for result in study["results"] if "method" in result]
    parts = {f"sentences.{at}": one for at, one in enumerate(study.get("sentences", ()))}
    parts |= {"matrix": study["matrix"]} if "matrix" in study else {}
    for place, one in parts.items():
        if one["method"] not in methods:
            yield f"{place}: {one['method']!r} is no method of a result; allowed: {', '.join(methods)}"
        if unknown := {*one.get("best", ()), *one.get("worst", ())} - set(classes):
            yield f"{place}: {min(unknown)!r} is no class; allowed: {', '.join(classes)}"
        if one.get("least", 0) > one.get("greatest", 1):
            yield f"{place}: least is more than greatest"


def _wrong_in_list(listed: dict[str, Any]) -> Iterator[str]:
    """What does not fit together in a list of systems or people."""
    for at, entry in enumerate(listed["entries"]):
        for value in entry["values"]:
            for low, high in (value[name] for name in ("range", "interval") if name in value):
                if not low <= value.get("value", high) <= high:
                    yield f"entries.{at}: {value['measure']} is not within {low} to {high}, or these are reversed"
