"""Recipes: how PNGs are made of pictures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """A named way to make PNGs; docs/recipes.md says what each choice does.

    `reference` belongs to matching `image`; `pooling`, `device_min_images` and `unseen_device` to `device`; `clip` and
    `tiles` to `clahe`; `frozen` to `image` and `device`.
    """

    tone: str  # stored_range | percentile | voi
    matching: str  # none | image | device | clahe
    crop: str  # none | breast
    longest_side: int
    orientation: str = "as_is"  # as_is | left
    aspect: str = "pad"  # pad | squash
    bits: int = 8  # 8 | 16
    reference: str | None = None  # an image id in place of the mean of the development images
    pooling: str = "class_weighted"  # class_weighted | plain
    device_min_images: int = 3
    unseen_device: str = "stop"  # stop | identity
    clip: float = 2.0
    tiles: int = 8
    frozen: str | None = None  # folder of an earlier run's tables
