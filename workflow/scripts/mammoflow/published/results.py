"""The results of a study, one by one: what was printed, where, and on which images."""

from dataclasses import dataclass
from typing import Any

CODE = "README of the authors' public code"


@dataclass(frozen=True)
class Result:
    """A printed result; `f1` is None, or sensitivity, specificity and F-score are."""

    key: str
    name: str
    place: str
    data: str
    about: str  # the images in words
    n: int
    counts: dict[str, int]  # images by class; where only their being of one size is known, 1 of each
    balanced: bool
    accuracy: float
    f1: float | None = None
    sensitivity: float | None = None
    specificity: float | None = None
    f_score: float | None = None

    @property
    def positive(self) -> str:
        """The class of which sensitivity is: the last."""
        return list(self.counts)[-1]

    @property
    def n_positive(self) -> int:
        """Images of that class."""
        return self.counts[self.positive]


def results_of(study: dict[str, Any]) -> list[Result]:
    """The results of a study, those that its authors' code prints otherwise after those of the paper.

    Parameters
    ----------
    study
        From `loading.load`.
    """
    found = []
    for row in study["results"]:
        one = _result(study, row)
        found.append(one)
        code = row.get("code")
        if code and code != {"accuracy": one.accuracy, "f1": one.f1}:
            values = {"key": f"{one.key}.code", "place": CODE, "name": f"{one.name} in the authors' code"}
            found.append(Result(**(vars(one) | values | code)))
    return found


def _result(study: dict[str, Any], row: dict[str, Any]) -> Result:
    of_set = study["sets"][row["subset"]]
    counts = of_set.get("counts") or dict.fromkeys(study["classes"], 1)
    parted = ("with" if row["roi"] else "without") if "roi" in row else ""
    place = row.get("table") or study["table"]
    key = row.get("method") or f"{place}.{row['name']}.{parted}_roi".lower().replace(" ", "")
    return Result(
        key=key,
        name=f"{row['name']} on {row['data']} {parted} ROI separation" if parted else row["name"],
        place=place,
        data=row.get("data", ""),
        about=of_set["about"],
        n=of_set["n"],
        counts={name: counts[name] for name in study["classes"]},
        balanced=of_set.get("balanced", False),
        accuracy=row["accuracy"],
        f1=row.get("f1"),
        sensitivity=row.get("sensitivity"),
        specificity=row.get("specificity"),
        f_score=row.get("f_score"),
    )
