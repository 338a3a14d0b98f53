"""Export: pictures drawn as a recipe says and written as PNGs, with an index that accounts for each."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from mammoflow import drawing, pictures, png, tables
from mammoflow.files import atomic
from mammoflow.matching import Matching


def accepted(shard: pd.DataFrame, withdrawn: pd.DataFrame) -> pd.DataFrame:
    """The images of a shard that are accepted in the whole cohort, too.

    Parameters
    ----------
    shard
        `tables.IMAGES`, as the scan of the shard left it.
    withdrawn
        `tables.WITHDRAWN`.
    """
    return shard[(shard["status"] == "accepted") & ~shard["file_id"].isin(withdrawn["file_id"])]


def export(
    images: pd.DataFrame, matching: Matching, *, work: Path, folder: Path, progress: Callable[..., Any]
) -> pd.DataFrame:
    """Write the PNG of each image, and take away PNGs in `folder` that are of none.

    Parameters
    ----------
    images
        Accepted images (`tables.IMAGES`).
    matching
        The recipe and what its intensities are matched to.
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
        applied = matching.of(picture, image["device"])
        pixels = drawing.draw(picture, applied, matching.recipe)
        data = png.encode(pixels if matching.recipe.bits == 16 else drawing.to_eight_bits(pixels))
        path = folder / f"{image['image_id']}.png"
        with atomic(path) as temporary:
            temporary.write_bytes(data)
        rows.append(
            {
                "image_id": image["image_id"],
                "file": str(path),
                "sha256": hashlib.sha256(data).hexdigest(),
                "tone": applied.tone,
                "matching": applied.matching,
            }
        )
    written = {row["file"] for row in rows}
    for stale in [path for path in folder.glob("*.png") if str(path) not in written]:
        stale.unlink()
    return tables.frame_of(rows, tables.PNGS)
