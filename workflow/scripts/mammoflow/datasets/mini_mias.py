"""mini-MIAS: the digital mammogram database of the Mammographic Image Analysis Society, at 200 micrometres a pixel.

Suckling et al., 1994; doi 10.17863/CAM.105113. Scanned films mdb001.pgm to mdb322.pgm, one a breast, all mediolateral
oblique. Films are in pairs of one woman: an odd number is her right breast, the even number after it her left.
"""

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from mammoflow.characters import decode
from mammoflow.datasets import films
from mammoflow.dicom.headers import Header
from mammoflow.dicom.refusals import Refused
from mammoflow.errors import UserError

IS_DICOM = False

_NAME = re.compile(r"mdb\d{3}", re.IGNORECASE)
# Film, tissue and kind of abnormality; of an abnormality also severity and, where it is at one place, a circle.
_LINE = re.compile(
    r"(?P<image>mdb\d{3})\s+(?P<tissue>\S+)\s+(?P<kind>\S+)(?:\s+(?P<severity>[BM])\b)?(?P<circle>(?:\s+\d+){3})?"
)


def describer(files: list[Path], dataset: dict[str, Any]) -> Callable[[str], Header]:
    """What describes an image by its name; the list of films tells whether a circle is drawn on it."""
    rows = _films(files[0])
    known, outlined = set(rows["image"]), set(rows.loc[rows["circle"] != "", "image"])

    def described(relative: str) -> Header:
        name = _NAME.fullmatch(PurePosixPath(relative).stem.strip())
        if name is None:
            raise Refused("quarantined", "unknown_name")
        image = name[0].lower()
        if image not in known:
            raise Refused("excluded", "not_in_table")
        return Header(
            image=image,
            exam=_woman(image),
            patient=_woman(image),
            laterality=_side(image),
            view="MLO",
            device="film",
            age_band="",
            year="",
            roi="yes" if image in outlined else "no",
        )

    return described


def listed(files: list[Path], dataset: dict[str, Any]) -> set[str]:
    """The films of the list."""
    return set(_films(files[0])["image"])


def stated(files: list[Path], attribute: str) -> pd.DataFrame:
    """Tissue or pathology of each film; of several abnormalities the gravest counts."""
    rows = _films(files[0])
    return pd.DataFrame(
        {
            "exam": rows["image"].map(_woman),
            "side": rows["image"].map(_side),
            "image": rows["image"],
            "value": films.values(rows, attribute),
        }
    )


def _films(path: Path) -> pd.DataFrame:
    """The lines about films; the text around them is for people."""
    text = decode(path.read_bytes()) or ""
    found = [match.groupdict("") for line in text.splitlines() if (match := _LINE.match(line.strip()))]
    if not found:
        raise UserError(f"{path.name} has no line about a film, such as 'mdb003 D NORM'")
    return pd.DataFrame(found)


def _woman(image: str) -> str:
    """The pair of films that a film is of, by the odd number."""
    number = int(image[3:])
    return f"mdb{number - 1 + number % 2:03d}"


def _side(image: str) -> str:
    return "R" if int(image[3:]) % 2 else "L"
