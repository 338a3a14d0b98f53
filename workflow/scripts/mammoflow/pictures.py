"""Pictures: the 16-bit ones that a scan keeps, and the PNGs made of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save_file

from mammoflow.errors import UserError
from mammoflow.files import atomic


@dataclass(frozen=True)
class Picture:
    """What a scan keeps of an image.

    `pixels` are stored values at the working size, (rows, columns) uint16, 0 outside the breast; `histogram` counts
    the stored values of the foreground at full resolution, (2**bits,) int64.
    """

    pixels: npt.NDArray[np.uint16]
    histogram: npt.NDArray[np.int64]

    @property
    def bits(self) -> int:
        """Bits of a stored value."""
        return len(self.histogram).bit_length() - 1


def save(picture: Picture, path: Path, about: dict[str, str]) -> None:
    """Write a picture atomically, with what is known of its decoding."""
    with atomic(path) as temporary:
        save_file({"pixels": picture.pixels, "histogram": picture.histogram}, temporary, metadata=about)


def load(path: Path) -> Picture:
    """Read a picture."""
    if not path.is_file():
        raise UserError(f"{path} is gone; delete results/images and run again")
    with safe_open(path, framework="numpy") as file:
        return Picture(file.get_tensor("pixels"), file.get_tensor("histogram"))


def load_histogram(path: Path) -> npt.NDArray[np.int64]:
    """Read a picture's histogram only."""
    with safe_open(path, framework="numpy") as file:
        return file.get_tensor("histogram")


def about(path: Path) -> dict[str, str]:
    """What is known of a picture's decoding."""
    with safe_open(path, framework="numpy") as file:
        return dict(file.metadata())


def shrink(pixels: npt.NDArray[Any], longest_side: int) -> npt.NDArray[Any]:
    """Make the longest side at most `longest_side` pixels, averaging over area; never enlarge."""
    scale = longest_side / max(pixels.shape)
    if scale >= 1:
        return pixels
    rows, columns = (max(1, round(side * scale)) for side in pixels.shape)
    return cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA)


def crop_to_breast(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Cut to the bounding box of what is not background."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if len(rows) == 0:
        return pixels
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def to_png(pixels: npt.NDArray[np.uint16]) -> bytes:
    """An 8-bit PNG, without metadata, of intensities from 0 to 65,535."""
    eight = np.rint(pixels / 257).astype(np.uint8)
    done, data = cv2.imencode(".png", eight)
    if not done:
        raise RuntimeError("OpenCV could not write a PNG")
    return data.tobytes()


def read_png(path: str | Path) -> npt.NDArray[np.uint8]:
    """Read an exported PNG: (rows, columns) uint8."""
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise UserError(f"{path} is gone or no PNG; delete the table of its folder in results/png and run again")
    return np.asarray(pixels, dtype=np.uint8)


def square(pixels: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    """Fit a picture into a square, its aspect kept, on a black ground: (side, side) uint8."""
    scale = side / max(pixels.shape)
    rows, columns = (max(1, round(length * scale)) for length in pixels.shape)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    fitted = cv2.resize(pixels, (columns, rows), interpolation=interpolation)
    top, left = (side - rows) // 2, (side - columns) // 2
    framed = np.zeros((side, side), dtype=np.uint8)
    framed[top : top + rows, left : left + columns] = fitted
    return framed
