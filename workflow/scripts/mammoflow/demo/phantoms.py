"""Synthetic mammograms: an outline, a pectoral muscle, and as much fibroglandular tissue as wanted.

They look enough like mammograms to exercise every step of the workflow, and are good for nothing else: the share of
tissue is exact, the anatomy is not.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 512, 416
PIXEL_SPACING = 0.45  # mm
MAGNIFICATION = 1.65  # of magnification views

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FAT, GLAND, MUSCLE = 0.30, 0.74, 0.78  # brightness


@dataclass(frozen=True)
class Body:
    """What the views of one patient have in common."""

    depth: float  # from the chest wall to the nipple, as a share of COLUMNS
    height: float  # from the middle to the upper or lower end, as a share of ROWS
    roundness: float  # 2 is an ellipse, more is squarer

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Body":
        """Draw a patient's breast."""
        return cls(float(rng.uniform(0.52, 0.82)), float(rng.uniform(0.33, 0.43)), float(rng.uniform(1.9, 2.4)))


@dataclass(frozen=True)
class Phantom:
    """A synthetic mammogram.

    `signal` is (ROWS, COLUMNS) float32: brightness in [0, 1], 0 in the air. `breast` and `tissue` are masks of the
    breast without the pectoral muscle and of its fibroglandular part.
    """

    signal: Floats
    breast: Mask
    tissue: Mask

    @property
    def share(self) -> float:
        """Fibroglandular share of the breast's area."""
        return float(self.tissue.sum() / self.breast.sum())


@dataclass(frozen=True)
class _Outline:
    """Where each pixel lies in the breast; arrays of (ROWS, COLUMNS)."""

    radius: Floats  # from the middle of the chest wall; 1 at the skin
    ahead: Floats  # from the chest wall; 1 at the nipple
    height: Floats  # above the middle; 1 at the upper end, -1 at the lower one


def render(body: Body, *, share: float, laterality: str, view: str, rng: np.random.Generator) -> Phantom:
    """Draw one view of a breast.

    Parameters
    ----------
    body
        The patient's breast; each view differs a little from it, as after each compression.
    share
        Fibroglandular share of the breast's area, in (0, 1).
    laterality
        `L`: the chest wall is at the left border of the image; `R`: at the right one.
    view
        `CC`, or `MLO`, which shows the pectoral muscle and the tail of the breast.
    rng
        Makes the view's shape and texture.
    """
    outline = _outline(body, view=view, rng=rng)
    radius = outline.radius
    inside = radius < 1
    muscle = _muscle(rng) if view == "MLO" else np.zeros((ROWS, COLUMNS), np.float32)
    breast = inside & (muscle < 0.5)
    field = _tissue_field(outline, rng=rng)
    threshold = np.float32(np.quantile(field[breast], 1 - share))
    tissue = breast & (field > threshold)
    signal = _brightness(field - threshold, muscle, rng=rng) * _thickness(radius)
    # Skin: a thin bright line along the edge.
    signal += 0.10 * np.exp(-(((radius - 0.985) / 0.012) ** 2))
    signal = np.where(inside, np.clip(signal, 0.02, 1), 0).astype(np.float32)
    if laterality == "R":
        return Phantom(*(np.ascontiguousarray(part[:, ::-1]) for part in (signal, breast, tissue)))
    return Phantom(signal, breast, tissue)


def magnified(signal: Floats) -> Floats:
    """The middle of a picture, enlarged to the size of the whole."""
    rows, columns = round(ROWS / MAGNIFICATION), round(COLUMNS / MAGNIFICATION)
    top, left = (ROWS - rows) // 2, (COLUMNS - columns) // 2
    part = np.ascontiguousarray(signal[top : top + rows, left : left + columns])
    return np.asarray(cv2.resize(part, (COLUMNS, ROWS), interpolation=cv2.INTER_LINEAR), np.float32)


def add_marker(signal: Floats, laterality: str) -> None:
    """Put the block of a view marker, as of lead letters, into the upper corner of the air, in place."""
    columns = slice(COLUMNS - 62, COLUMNS - 22) if laterality == "L" else slice(22, 62)
    signal[18:34, columns] = 0.95


def _noise(rng: np.random.Generator, cells: int) -> Floats:
    """Smooth noise of about unit variance with `cells` bumps along the longer side, (ROWS, COLUMNS)."""
    # Cubic interpolation keeps about 0.47 of the variance of the grid.
    grid = rng.standard_normal((cells + 3, cells * COLUMNS // ROWS + 3), dtype=np.float32) * 1.46
    return np.asarray(cv2.resize(grid, (COLUMNS, ROWS), interpolation=cv2.INTER_CUBIC), np.float32)


def _outline(body: Body, *, view: str, rng: np.random.Generator) -> _Outline:
    """Draw the outline of a view, with the chest wall at the left."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    depth = COLUMNS * body.depth * rng.uniform(0.96, 1.04)
    lower = upper = ROWS * body.height * rng.uniform(0.96, 1.04)
    middle = ROWS * rng.uniform(0.48, 0.52)
    if view == "MLO":
        # The tail of the breast leaves the image at the top, and the breast hangs.
        middle, upper, lower = ROWS * rng.uniform(0.56, 0.62), ROWS * rng.uniform(0.75, 0.95), 0.92 * lower
    down = y - middle
    height = -down / np.where(down < 0, upper, lower)
    # Skin is never an exact ellipse.
    bumps = 1 + 0.015 * _noise(rng, 3)
    ahead = x / depth
    radius = (ahead**body.roundness + np.abs(height) ** body.roundness) ** (1 / body.roundness) * bumps
    return _Outline(radius.astype(np.float32), ahead.astype(np.float32), height.astype(np.float32))


def _muscle(rng: np.random.Generator) -> Floats:
    """The pectoral muscle of an MLO view: 1 in it, 0 outside, with a soft border."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    width, length = COLUMNS * rng.uniform(0.26, 0.42), ROWS * rng.uniform(0.42, 0.66)
    edge = x / width + (y / length) ** rng.uniform(0.95, 1.25) + 0.02 * _noise(rng, 5)
    return _step((1 - edge) / 0.05)


def _strands(outline: _Outline, rng: np.random.Generator) -> Floats:
    """Strands that run towards the nipple, as ducts do: noise stretched along the distance from it."""
    away = 1.1 - outline.ahead
    distance = np.hypot(away, outline.height)
    angle = np.arctan2(outline.height, away)  # within +-pi
    noise = rng.standard_normal((10, 90), dtype=np.float32)
    columns = np.asarray((angle / np.pi + 1) * 43, np.float32)
    rows = np.asarray(np.clip(distance * 4, 0, 8), np.float32)
    return np.asarray(cv2.remap(noise, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), np.float32)


def _tissue_field(outline: _Outline, *, rng: np.random.Generator) -> Floats:
    """Where fibroglandular tissue is likeliest: blobs and strands, most behind the nipple, none under the skin."""
    blobs = 0.45 * _noise(rng, 4) + 0.33 * _noise(rng, 9) + 0.20 * _noise(rng, 20) + 0.12 * _noise(rng, 45)
    middle = rng.uniform(0.40, 0.60)
    # A gentle slope away from the middle, and a steep one in the fat under the skin.
    place = 1.4 * np.abs(outline.radius - middle) + 1.1 * np.abs(outline.height)
    skin = 14 * np.clip(outline.radius - 0.88, 0, None)
    return np.asarray(blobs + 0.35 * _strands(outline, rng) - place - skin, np.float32)


def _brightness(excess: Floats, muscle: Floats, *, rng: np.random.Generator) -> Floats:
    """Brightness of fat, tissue and muscle; `excess` is positive in tissue."""
    # Tissue and fat lie over each other, so that the border is soft; some fat shows through everywhere.
    gland = _step(excess / 0.9 + 0.5) * (0.88 + 0.10 * _noise(rng, 14))
    septa = np.clip(0.25 - np.abs(_noise(rng, 26)), 0, None)
    fat = FAT * (1 + 0.07 * _noise(rng, 7) + 0.04 * _noise(rng, 60)) + 0.25 * septa
    # Tissue is brighter where there is more of it.
    dense = GLAND + 0.06 * np.clip(excess, 0, 1.5) + 0.02 * _noise(rng, 35) + 0.02 * _noise(rng, 90)
    breast = fat + gland * (dense - fat)
    return np.asarray(breast + muscle * (MUSCLE + 0.02 * _noise(rng, 20) - breast), np.float32)


def _thickness(radius: Floats) -> Floats:
    """Thickness of the compressed breast: even in the middle, rounded off towards the skin."""
    return np.sqrt(np.clip(1 - np.clip(radius, 0, 1) ** 8, 0, 1))


def _step(value: Floats) -> Floats:
    """A smooth step from 0 at 0 to 1 at 1."""
    clipped = np.clip(value, 0, 1)
    return np.asarray(clipped * clipped * (3 - 2 * clipped), np.float32)
