"""Whether the images that a public data set's tables list are there."""

from collections.abc import Iterable

import pandas as pd

from mammoflow import tables
from mammoflow.errors import UserError


def compare(listed: set[str], images: list[str]) -> pd.DataFrame:
    """Counts of the images listed, and of the files found, as `tables.DOWNLOAD`.

    Parameters
    ----------
    listed
        The images that the data set's tables list.
    images
        The image of each file found; "" for a file that is none of the data set's.
    """
    there = listed & set(images)
    counts = {
        "listed": len(listed),
        "found": len(there),
        "missing": len(listed) - len(there),
        "unlisted": sum(image not in listed for image in images),
    }
    return tables.frame_of([{"what": what, "n_images": count} for what, count in counts.items()], tables.DOWNLOAD)


def check_complete(listed: set[str], images: list[str], *, files: Iterable[str], page: str) -> None:
    """Stop where an image is missing.

    Parameters
    ----------
    listed, images
        As for `compare`.
    files
        Names of the files that list the images.
    page
        What to read about the data set.

    Raises
    ------
    UserError
        If an image that is listed is not there.
    """
    missing = listed - set(images)
    if missing:
        raise UserError(
            f"{len(missing)} of {len(listed)} images listed in {' and '.join(files)} of dataset.root are not there, "
            f"the first is {min(missing)!r}; get them, or set dataset.partial: true to go on without them; read {page}"
        )
