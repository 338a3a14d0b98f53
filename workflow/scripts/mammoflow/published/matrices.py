"""Whether a printed confusion matrix gives the numbers that are printed beside it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn import metrics

from mammoflow.published.findings import ADDS, AGREES, CONTRADICTS, Finding
from mammoflow.published.results import CODE
from mammoflow.published.rounding import may_be

_PLACE = "Notebook of the authors' public code"
_FAR = 0.1  # of a number that is stated as about so much


def of_matrix(rows: list[list[int]]) -> dict[str, float]:
    """Accuracy, macro and weighted F1, linear and quadratic kappa of a confusion matrix, by scikit-learn.

    Parameters
    ----------
    rows
        Counts; rows are the truth, columns the prediction, both in the order of the classes.
    """
    counts = np.array(rows)
    truth, guess = (np.repeat(at.ravel(), counts.ravel()) for at in np.indices(counts.shape))
    return {
        "accuracy": float(metrics.accuracy_score(truth, guess)),
        "f1_macro": float(metrics.f1_score(truth, guess, average="macro")),
        "f1_weighted": float(metrics.f1_score(truth, guess, average="weighted")),
        "kappa_linear": float(metrics.cohen_kappa_score(truth, guess, weights="linear")),
        "kappa_quadratic": float(metrics.cohen_kappa_score(truth, guess, weights="quadratic")),
    }


def findings(study: dict[str, Any]) -> Iterator[Finding]:
    """What the matrix of a study gives, held against its code, its table, and the size of its set."""
    if "matrix" not in study:
        return
    result = next(one for one in study["results"] if one.get("method") == study["matrix"]["method"])
    found = of_matrix(list(study["matrix"]["rows"].values()))
    if "code" in result:
        yield _beside(study, result, found, printed=result["code"], place=CODE)
    yield _beside(study, result, found, printed=result, place=result.get("table") or study["table"])
    yield _kappas(study, result, found)
    if "each" in study["sets"][result["subset"]]:
        yield _size(study, result)


def _beside(
    study: dict[str, Any], result: dict[str, Any], found: dict[str, float], *, printed: dict[str, Any], place: str
) -> Finding:
    """Accuracy and F1 of the matrix against those of one place."""
    rows = list(study["matrix"]["rows"].values())
    hits = [row[at] for at, row in enumerate(rows)]
    f1 = (found["f1_macro"], found["f1_weighted"])
    right = may_be(found["accuracy"], found["accuracy"], printed["accuracy"])
    agrees = right and any(may_be(value, value, printed["f1"]) for value in f1)
    return Finding(
        key=f"{study['key']}.{result['method']}.matrix_and_{'code' if place == CODE else 'table'}",
        source=study["short"],
        place=f"{_PLACE}; {place}",
        question="matrix",
        verdict=AGREES if agrees else CONTRADICTS,
        statement=f"{result['name']}: the confusion matrix of the authors' notebook has accuracy "
        f"{found['accuracy']:.3f} and F1 {found['f1_macro']:.3f} (macro) or {found['f1_weighted']:.3f} (weighted); in "
        f"{'their README' if place == CODE else place} stand {printed['accuracy']:.2f} and {printed['f1']:.2f}.",
        arithmetic=f"({' + '.join(map(str, hits))}) / {sum(map(sum, rows))} = {found['accuracy']:.3f}",
        published={"accuracy": printed["accuracy"], "f1": printed["f1"]},
        computed={name: found[name] for name in ("accuracy", "f1_macro", "f1_weighted")},
        condition="if the matrix is of the model whose numbers these are",
    )


def _kappas(study: dict[str, Any], result: dict[str, Any], found: dict[str, float]) -> Finding:
    kappas = {name: found[name] for name in ("kappa_linear", "kappa_quadratic")}
    return Finding(
        key=f"{study['key']}.{result['method']}.matrix_kappa",
        source=study["short"],
        place=_PLACE,
        question="matrix",
        verdict=ADDS,
        statement=f"{result['name']}: the confusion matrix carries a linear kappa of {kappas['kappa_linear']:.3f} and "
        f"a quadratic kappa of {kappas['kappa_quadratic']:.3f}: agreement that can be held against that of readers.",
        arithmetic="1 − Σ w O / Σ w E over the cells, with w = |i − j| or (i − j)² for classes i and j, counts O, and "
        "the counts E that the sums of rows and columns give by chance",
        published={"n": study["matrix"]["n"]},
        computed=kappas,
    )


def _size(study: dict[str, Any], result: dict[str, Any]) -> Finding:
    """The sum of the matrix against the number of images that the text gives for its set."""
    matrix, of_set = study["matrix"], study["sets"][result["subset"]]
    total = sum(map(sum, matrix["rows"].values()))
    fits = abs(matrix["n"] - of_set["n"]) <= _FAR * of_set["n"]
    pool = of_set["n"] / of_set["share"]
    return Finding(
        key=f"{study['key']}.{result['method']}.matrix_size",
        source=study["short"],
        place=_PLACE,
        question="sums",
        verdict=AGREES if fits else CONTRADICTS,
        statement=f"{result['name']}: the confusion matrix is of {total:,} images, {100 * total / pool:.0f} % of "
        f"{len(matrix['rows'])} classes of about {of_set['each']:,}; the text's {100 * of_set['share']:.0f} % would be "
        f"about {of_set['n']:,}.",
        arithmetic=f"{len(matrix['rows'])} × {of_set['each']:,} × {of_set['share']:.2f} = {of_set['n']:,}; "
        f"{total:,} / {pool:,.0f} = {total / pool:.3f}",
        published={"n": matrix["n"], "n_stated": of_set["n"], "share": of_set["share"]},
        computed={"sum": total, "share": total / pool},
        condition=f"if the matrix is of {of_set['about']} that the paper describes",
    )
