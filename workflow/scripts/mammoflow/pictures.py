"""Pictures: the 16-bit ones that a scan keeps, and the PNGs made of them."""

from dataclasses import astuple, dataclass
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
class Frame:
    """Rows and columns of a whole picture, and the first row and column of the part of it that is kept."""

    rows: int
    columns: int
    top: int
    left: int


@dataclass(frozen=True)
class Picture:
    """What a scan keeps of an image.

    `pixels` are stored values at the working size, (rows, columns) uint16, 0 outside the breast, of the part of the
    image that holds the breast; `histogram` counts the stored values of the foreground at full resolution, (2**bits,)
    int64; `voi` is the header's window or lookup table, from stored values to 0..65,535, (2**bits,) uint16, or None
    where it has none that can be used; `frame` says where the part lies, and is None where it is the whole.
    """

    pixels: npt.NDArray[np.uint16]
    histogram: npt.NDArray[np.int64]
    voi: npt.NDArray[np.uint16] | None = None
    frame: Frame | None = None

    @property
    def bits(self) -> int:
        """Bits of a stored value."""
        return len(self.histogram).bit_length() - 1

    def whole(self) -> npt.NDArray[np.uint16]:
        """The pixels of the whole image at the working size."""
        if self.frame is None:
            return self.pixels
        pixels = np.zeros((self.frame.rows, self.frame.columns), np.uint16)
        rows, columns = self.pixels.shape
        pixels[self.frame.top : self.frame.top + rows, self.frame.left : self.frame.left + columns] = self.pixels
        return pixels


def save(picture: Picture, path: Path, about: dict[str, str]) -> None:
    """Write a picture atomically, with what is known of its decoding."""
    tensors = {"pixels": picture.pixels, "histogram": picture.histogram}
    if picture.voi is not None:
        tensors["voi"] = picture.voi
    if picture.frame is not None:
        tensors["frame"] = np.array(astuple(picture.frame), np.int64)
    with atomic(path) as temporary:
        save_file(tensors, temporary, metadata=about)


def load(path: Path) -> Picture:
    """Read a picture."""
    if not path.is_file():
        raise UserError(f"{path} is gone; delete results/images and run again")
    with safe_open(path, framework="numpy") as file:
        names = set(file.keys())
        voi = file.get_tensor("voi") if "voi" in names else None
        frame = Frame(*map(int, file.get_tensor("frame"))) if "frame" in names else None
        return Picture(file.get_tensor("pixels"), file.get_tensor("histogram"), voi, frame)


def load_histogram(path: Path) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint16] | None]:
    """Read a picture without its pixels: its histogram and `voi`."""
    if not path.is_file():
        raise UserError(f"{path} is gone; delete results/images and run again")
    with safe_open(path, framework="numpy") as file:
        voi = file.get_tensor("voi") if "voi" in file.keys() else None  # noqa: SIM118 no dictionary
        return file.get_tensor("histogram"), voi


def about(path: Path) -> dict[str, str]:
    """What is known of a picture's decoding."""
    with safe_open(path, framework="numpy") as file:
        return dict(file.metadata())


def shrink(pixels: npt.NDArray[Any], longest_side: int) -> npt.NDArray[Any]:
    """Make the longest side at most `longest_side` pixels, averaging over area; never enlarge."""
    return resize(pixels, fitted(pixels.shape, longest_side))


def shrink_part(
    part: npt.NDArray[Any], place: tuple[slice, slice], shape: tuple[int, ...], longest_side: int
) -> tuple[npt.NDArray[Any], Frame]:
    """Shrink a part of a picture as `shrink` would the whole, and say where it then lies: to the nearest pixel.

    Parameters
    ----------
    part
        The pixels at `place` in the picture.
    place
        Rows and columns.
    shape
        Of the whole picture.
    longest_side
        Of the whole picture when it is shrunk.
    """
    rows, columns = fitted(shape, longest_side)
    top, bottom = _shrunk(place[0], rows / shape[0])
    left, right = _shrunk(place[1], columns / shape[1])
    return resize(part, (bottom - top, right - left)), Frame(rows, columns, top, left)


def _shrunk(side: slice, scale: float) -> tuple[int, int]:
    last = max(1, round(side.stop * scale))
    return min(round(side.start * scale), last - 1), last


def fitted(shape: tuple[int, ...], longest_side: int, *, squash: bool = False) -> tuple[int, int]:
    """Rows and columns of a picture of this shape when its longest side is at most `longest_side`.

    With `squash` both sides are just that, whatever they were.
    """
    if squash:
        return longest_side, longest_side
    scale = min(1.0, longest_side / max(shape))
    rows, columns = (max(1, round(side * scale)) for side in shape)
    return rows, columns


def resize(pixels: npt.NDArray[Any], shape: tuple[int, int]) -> npt.NDArray[Any]:
    """Bring a picture to (rows, columns): averaged over area where it shrinks, interpolated where it grows.

    To shrink by 1.625, say, it is first brought to twice the new size, and then by blocks of 2 to the new one: what
    OpenCV's averaging over area gives within the noise of a pixel, in a third of the time. By a whole number it is
    that average.
    """
    if pixels.shape == shape:
        return pixels
    blocks = [-(-old // new) for old, new in zip(pixels.shape, shape, strict=True)]
    rows, columns = (new * block for new, block in zip(shape, blocks, strict=True))
    if pixels.shape != (rows, columns):
        pixels = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return pixels if blocks == [1, 1] else cv2.resize(pixels, shape[::-1], interpolation=cv2.INTER_AREA)


def wall_left(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Mirror a picture if need be, so that the chest wall is at the left: the side that most of the breast is at.

    Found on the pixels, because a header tells the side of the body and not whether the picture was mirrored.
    """
    columns = np.count_nonzero(pixels, axis=0)
    at_left, at_right = columns[: len(columns) // 2].sum(), columns[-(len(columns) // 2) :].sum()
    return np.ascontiguousarray(pixels[:, ::-1]) if at_right > at_left else pixels


def crop_to_breast(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Cut to the bounding box of what is not background."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if len(rows) == 0:
        return pixels
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def read_png(path: str | Path) -> npt.NDArray[np.uint8]:
    """Read an exported PNG, one of 16 bits as 8: (rows, columns) uint8."""
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
