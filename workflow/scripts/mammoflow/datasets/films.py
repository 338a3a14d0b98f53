"""The list of films that mini-MIAS has, and whose form other sets took over: what stands in its lines."""

from collections.abc import Iterable

import pandas as pd

from mammoflow.datasets import annotations

_TISSUE = {"F": "fatty", "G": "glandular", "D": "dense"}
_SEVERITY = {"B": "benign", "M": "malignant", "N": "normal", "": ""}
_NORMAL = "NORM"


def values(lines: pd.DataFrame, attribute: str) -> Iterable[str]:
    """Tissue or pathology of the image of each line; of several abnormalities the gravest counts.

    Parameters
    ----------
    lines
        image, tissue (F, G or D), kind (NORM or that of an abnormality) and severity (B or M), as text.
    attribute
        "tissue" or "pathology".
    """
    if attribute == "tissue":
        return lines["tissue"].map(lambda said: _TISSUE.get(said, said))
    said = lines["severity"].map(lambda said: _SEVERITY.get(said, said)).where(lines["kind"] != _NORMAL, "normal")
    return said.groupby(lines["image"]).transform(annotations.gravest)
