"""Whether Results and Discussion, text and table, paper and code name the same."""

from collections.abc import Iterator
from typing import Any

from mammoflow.published.findings import ADDS, AGREES, CONTRADICTS, Finding
from mammoflow.published.results import CODE

_NAMES = {"accuracy": "accuracy", "f1": "F1"}
_NOT_STATED = "not stated"


def findings(study: dict[str, Any]) -> Iterator[Finding]:
    """Best classes, values of the text, values of the code, and sets that the rows of a table are of."""
    yield from _best_classes(study)
    yield from _text_and_table(study)
    yield from _paper_and_code(study)
    yield from _sets(study)


def _best_classes(study: dict[str, Any]) -> Iterator[Finding]:
    """The class that a method does best in, as two places of the text name it."""
    sentences = [sentence for sentence in study.get("sentences", ()) if "best" in sentence]
    for later in (sentence for sentence in sentences if sentence["measure"] == _NOT_STATED):
        stated = [one for one in sentences if one["method"] == later["method"] and one["measure"] != _NOT_STATED]
        if stated:
            yield _best_class(study, later, stated)


def _best_class(study: dict[str, Any], later: dict[str, Any], stated: list[dict[str, Any]]) -> Finding:
    same = [one["measure"] for one in stated if one["best"] == later["best"]]
    named = [f"{_classes(study, one['best'])} by {_NAMES[one['measure']]}" for one in stated]
    partly = [_NAMES[one["measure"]] for one in stated if set(later["best"]) < set(one["best"])]
    condition = f"if the {later['where']} does not mean {' or '.join(partly)}, by which the two share a class"
    return Finding(
        key=f"{study['key']}.{later['method']}.best_class",
        source=study["short"],
        place=f"{stated[0]['where']}; {later['where']}",
        question="best_class",
        verdict=AGREES if same else CONTRADICTS,
        statement=f"{_name(study, later['method'])}: best in {'; '.join(named)} ({stated[0]['where']}); best in "
        f"{_classes(study, later['best'])} ({later['where']}, measure not stated). The two places name "
        f"{'the same class' if same else 'different best classes'}.",
        arithmetic="; ".join(
            [f"{stated[0]['where']}, {_NAMES[one['measure']]}: {_keys(one['best'])}" for one in stated]
            + [f"{later['where']}: {_keys(later['best'])}"]
        ),
        condition=condition if partly and not same else "",
    )


def _text_and_table(study: dict[str, Any]) -> Iterator[Finding]:
    """Values over all classes that the text names, against the table."""
    for sentence in (one for one in study.get("sentences", ()) if "mean" in one):
        result = _result(study, sentence["method"])
        measure = _NAMES[sentence["measure"]]
        printed, said = result[sentence["measure"]], sentence["mean"]
        same = printed == said
        yield Finding(
            key=f"{study['key']}.{sentence['method']}.text",
            source=study["short"],
            place=f"{sentence['where']}; {study['table']}",
            question="text_and_table",
            verdict=AGREES if same else CONTRADICTS,
            statement=f"{result['name']}: {said:.2f} is the {sentence['measured_on']} {measure} in the text; "
            f"{study['table']} prints {printed:.2f} for {study['sets'][result['subset']]['about']}."
            + (" One number stands for two sets of images: the table may be of the other one." if same else ""),
            arithmetic=f"{said:.2f} − {printed:.2f} = {said - printed:.2f}",
            published={"text": said, "table": printed},
        )


def _paper_and_code(study: dict[str, Any]) -> Iterator[Finding]:
    """What the authors' code prints instead of the table."""
    for result in (one for one in study["results"] if "code" in one):
        code = result["code"]
        same = all(code[measure] == result[measure] for measure in _NAMES)
        pairs = [(name, result[key], code[key]) for key, name in _NAMES.items()]
        yield Finding(
            key=f"{study['key']}.{result['method']}.code",
            source=study["short"],
            place=f"{result.get('table') or study['table']}; {CODE}",
            question="paper_and_code",
            verdict=AGREES if same else CONTRADICTS,
            statement=f"{result['name']}: accuracy {result['accuracy']:.2f} and F1 {result['f1']:.2f} in the paper, "
            f"{code['accuracy']:.2f} and {code['f1']:.2f} in the {CODE}.",
            arithmetic="; ".join(f"{name}: {one:.2f} − {other:.2f} = {one - other:.2f}" for name, one, other in pairs),
            published={key: result[key] for key in _NAMES} | {f"code_{key}": code[key] for key in _NAMES},
            condition="" if same else "if both describe the same training",
        )


def _sets(study: dict[str, Any]) -> Iterator[Finding]:
    """Rows of one table that are of different images."""
    if "table" not in study or len({one["subset"] for one in study["results"]}) < 2:
        return
    rows = [(one["name"], study["sets"][one["subset"]]) for one in study["results"]]
    yield Finding(
        key=f"{study['key']}.table.sets",
        source=study["short"],
        place=study["table"],
        question="text_and_table",
        verdict=ADDS,
        statement=f"The rows of {study['table']} are of different images, so that they cannot be compared: "
        + "; ".join(f"{name}, {of_set['about']}" for name, of_set in rows)
        + ".",
        arithmetic="; ".join(f"{name}: {'about ' if 'each' in own else ''}{own['n']:,} images" for name, own in rows),
        published={one["method"]: study["sets"][one["subset"]]["n"] for one in study["results"]},
    )


def _result(study: dict[str, Any], method: str) -> dict[str, Any]:
    return next(one for one in study["results"] if one["method"] == method)


def _name(study: dict[str, Any], method: str) -> str:
    return str(_result(study, method)["name"])


def _classes(study: dict[str, Any], keys: list[str]) -> str:
    return " and ".join(study["classes"][key] for key in keys)


def _keys(keys: list[str]) -> str:
    return " and ".join(keys)
