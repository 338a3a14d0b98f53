"""The closed vocabulary of reports: data from a YAML file (resources/lexicons), checked and made ready."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from mammoflow.errors import UserError
from mammoflow.reports.headers import Headers
from mammoflow.reports.spelling import Reader, Speller


@dataclass(frozen=True)
class Lexicon:
    """What is needed to read a report's words and sections; made by `load_lexicon`."""

    version: int
    speller: Speller
    reader: Reader
    headers: Headers


def load_lexicon(path: str | Path) -> Lexicon:
    """Read a lexicon from YAML, such as resources/lexicons/mammography.yaml, which explains itself.

    Raises
    ------
    UserError
        If the file is no lexicon.
    """
    try:
        data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        headers = Headers.of(
            data["headers"],
            data["exact_headers"],
            stated=data["stated_headers"]["words"],
            beside=data["stated_headers"]["beside"],
            title=data["titles"]["words"],
            title_beside=data["titles"]["beside"],
            bare=data["bare_headers"],
        )
        speller = Speller(data["words"], [*data["protected"], *headers.words()])
        reader = Reader(speller, [(rewrite["pattern"], rewrite["word"]) for rewrite in data["rewrites"]])
        return Lexicon(int(data["version"]), speller, reader, headers)
    except (KeyError, TypeError, ValueError, AttributeError, re.error, yaml.YAMLError) as error:
        raise UserError(f"{path} is no lexicon: {type(error).__name__} {error}; restore the shipped one") from None
