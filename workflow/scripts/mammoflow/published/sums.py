"""Whether counts sum to what is printed beside them, and are the same in every table."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from mammoflow.published.findings import AGREES, CONTRADICTS, Finding

# A sum: what it is of, its parts, and the whole that is printed.
Sum = tuple[str, list[int], int]


def findings(study: dict[str, Any]) -> Iterator[Finding]:
    """The sums of each table, tables of the same images against each other, stated splits, and images by exam."""
    tables = study.get("counts", [])
    for table in tables:
        if sums := sums_of(table):
            yield _of_sums(study, f"{_slug(table)}.sums", table["table"], sums)
        if "ratio" in table:
            yield _of_ratio(study, table)
    for first, second in combinations(tables, 2):
        if first["data"] == second["data"]:
            yield _of_two(study, first, second)
    if "matrix" in study:
        parts = [sum(row) for row in study["matrix"]["rows"].values()]
        yield _of_sums(study, "matrix.sums", "Confusion matrix", [("images", parts, study["matrix"]["n"])])
    if "data" in study:
        yield _of_images(study)


def sums_of(table: dict[str, Any]) -> list[Sum]:
    """The sums that a table prints: of rows, of columns and of all."""
    rows = table["rows"]
    found: list[Sum] = [(name, rows[name], whole) for name, whole in table.get("row_sums", {}).items()]
    columns = list(zip(*rows.values(), strict=True))
    for name, parts, whole in zip(table["columns"], columns, table.get("column_sums", ()), strict=False):
        found.append((name, list(parts), whole))
    if "total" in table:
        found.append(("all", [sum(row) for row in rows.values()], table["total"]))
    return found


def _of_sums(study: dict[str, Any], key: str, place: str, sums: list[Sum]) -> Finding:
    wrong = [(name, parts, whole) for name, parts, whole in sums if sum(parts) != whole]
    said = "; ".join(f"{name}: {sum(parts):,}, not {whole:,}" for name, parts, whole in wrong)
    return Finding(
        key=f"{study['key']}.{key}",
        source=study["short"],
        place=place,
        question="sums",
        verdict=CONTRADICTS if wrong else AGREES,
        statement=f"{place}: counts do not sum to what is printed ({said})."
        if wrong
        else f"{place}: every sum of counts is what is printed.",
        arithmetic="; ".join(f"{name}: {_added(parts)} = {sum(parts):,}" for name, parts, _ in sums),
        published={_word(name): whole for name, _, whole in sums},
        computed={_word(name): sum(parts) for name, parts, _ in sums},
    )


def _of_two(study: dict[str, Any], first: dict[str, Any], second: dict[str, Any]) -> Finding:
    """Two tables of the same images, cut in two ways."""
    pairs = {name: (sum(first["rows"][name]), sum(second["rows"][name])) for name in study["classes"]}
    same = all(one == other for one, other in pairs.values())
    places = f"{first['table']} and {second['table']}"
    return Finding(
        key=f"{study['key']}.{_slug(first)}_{_slug(second)}.sums",
        source=study["short"],
        place=places,
        question="sums",
        verdict=AGREES if same else CONTRADICTS,
        statement=f"{places} {'have' if same else 'do not have'} the same number of images of each class.",
        arithmetic="; ".join(
            f"{name}: {_added(first['rows'][name])} = {one:,}, {_added(second['rows'][name])} = {other:,}"
            for name, (one, other) in pairs.items()
        ),
        published={},
        computed={f"{name}_{at}": value for name, pair in pairs.items() for at, value in enumerate(pair, start=1)},
    )


def _of_ratio(study: dict[str, Any], table: dict[str, Any]) -> Finding:
    """A stated split against the counts: to within an image of each class."""
    ratio = table["ratio"]
    said = " : ".join(map(str, ratio))
    share = ratio[-1] / sum(ratio)
    rows = table["rows"]
    fits = all(abs(row[-1] - share * sum(row)) < 1 for row in rows.values())
    return Finding(
        key=f"{study['key']}.{_slug(table)}.ratio",
        source=study["short"],
        place=f"text; {table['table']}",
        question="text_and_table",
        verdict=AGREES if fits else CONTRADICTS,
        statement=f"{table['table']}: the counts are {'' if fits else 'not '}those of the split of {said} that the "
        "text states, to within an image of each class.",
        arithmetic="; ".join(
            f"{name}: {sum(row):,} × {share:.4f} = {share * sum(row):.1f}" for name, row in rows.items()
        ),
        published={name: row[-1] for name, row in rows.items()},
        computed={name: share * sum(row) for name, row in rows.items()},
    )


def _of_images(study: dict[str, Any]) -> Finding:
    """Exams times views, and labelled images of whole exams."""
    data = study["data"]
    counted = [of_set for of_set in study["sets"].values() if "counts" in of_set]
    views, images = data["views"], data["exams"] * data["views"]
    parts = [(name, count) for of_set in counted for name, count in of_set["counts"].items()]
    fits = images == data["images"] and all(count % views == 0 for _, count in parts)
    sums = [f"{_added(list(own['counts'].values()))} = {sum(own['counts'].values()):,}" for own in counted]
    fits = fits and all(sum(own["counts"].values()) == own["n"] for own in counted)
    return Finding(
        key=f"{study['key']}.images.sums",
        source=study["short"],
        place="text",
        question="sums",
        verdict=AGREES if fits else CONTRADICTS,
        statement=f"The numbers of exams, images and labelled images {'fit' if fits else 'do not fit'} together: "
        f"{views} views an exam, whole exams in every class, and classes that sum to all labelled images.",
        arithmetic="; ".join(
            [
                f"{data['exams']:,} × {views} = {images:,}",
                *sums,
                *(f"{name}: {count:,} / {views} = {count / views:g}" for name, count in parts),
            ]
        ),
        published={"exams": data["exams"], "images": data["images"]} | dict(parts),
        computed={"images": images} | {"labelled": sum(count for _, count in parts)},
    )


def _added(parts: list[int]) -> str:
    return " + ".join(f"{part:,}" for part in parts)


def _slug(table: dict[str, Any]) -> str:
    return str(table["table"]).lower().replace(" ", "")


def _word(name: str) -> str:
    return name.replace(" ", "_")
