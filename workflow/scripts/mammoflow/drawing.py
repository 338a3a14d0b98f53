"""Drawing: a picture brought to its intensities, cropped and resized as a recipe says."""

import numpy as np
import numpy.typing as npt

from mammoflow import clahe, pictures, tone
from mammoflow.matching import Applied, Matching
from mammoflow.pictures import Picture
from mammoflow.recipes import Recipe


def render(picture: Picture, matching: Matching, device: str) -> npt.NDArray[np.uint16]:
    """A picture's intensities, 0 to 65,535, as the recipe wants them: (rows, columns) uint16."""
    return draw(picture, matching.of(picture, device), matching.recipe)


def to_eight_bits(pixels: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """Intensities of 0 to 65,535 as grey values of 0 to 255, rounded."""
    # 65,535 is 257 times 255; halves cannot occur, as 257 is odd.
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def draw(picture: Picture, applied: Applied, recipe: Recipe) -> npt.NDArray[np.uint16]:
    """A picture by a lookup table that is known: see `render`."""
    stored = picture.whole()
    if recipe.orientation == "left":
        stored = pictures.wall_left(stored)
    if recipe.crop == "breast":
        # Before the lookup, which may make breast as black as the background.
        stored = pictures.crop_to_breast(stored)
    shape = pictures.fitted(stored.shape, recipe.longest_side, squash=recipe.aspect == "squash")
    pixels = pictures.resize(tone.look_up(stored, applied.table), shape)
    if recipe.matching != "clahe":
        return pixels
    inside = pictures.resize((stored > 0).astype(np.uint8) * 255, shape) > 127
    return clahe.equalise(pixels, inside, clip=recipe.clip, tiles=recipe.tiles)
