"""Export: a picture matched, cropped, resized and written as a PNG."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mammoflow import pictures, tables
from mammoflow.files import atomic
from mammoflow.matching import Matching
from mammoflow.pictures import Picture


def export(
    images: pd.DataFrame,
    matching: Matching,
    *,
    crop: str,
    longest_side: int,
    work: Path,
    folder: Path,
    progress: Callable[..., Any],
) -> pd.DataFrame:
    """Write the PNG of each image, and take away PNGs in `folder` that are of none.

    Parameters
    ----------
    images
        Accepted images (`tables.IMAGES`).
    matching
        What intensities are matched to.
    crop, longest_side
        As the recipe says.
    work, folder
        Where the pictures are and the PNGs go.
    progress
        Wraps the loop, such as tqdm.

    Returns
    -------
    pandas.DataFrame
        `tables.PNGS`.
    """
    rows = []
    for image in progress(images.to_dict("records")):
        picture = pictures.load(work / image["picture"])
        data = pictures.to_png(render(picture, matching, image["device"], crop=crop, longest_side=longest_side))
        path = folder / f"{image['image_id']}.png"
        with atomic(path) as temporary:
            temporary.write_bytes(data)
        rows.append({"image_id": image["image_id"], "file": str(path), "sha256": hashlib.sha256(data).hexdigest()})
    written = {row["file"] for row in rows}
    for stale in [path for path in folder.glob("*.png") if str(path) not in written]:
        stale.unlink()
    return tables.frame_of(rows, tables.PNGS)


def render(
    picture: Picture, matching: Matching, device: str, *, crop: str, longest_side: int
) -> npt.NDArray[np.uint16]:
    """A picture's intensities, 0 to 65,535, as the recipe wants them: (rows, columns) uint16."""
    pixels = matching.table(picture, device)[picture.pixels]
    if crop == "breast":
        pixels = pictures.crop_to_breast(pixels)
    return pictures.shrink(pixels, longest_side)
