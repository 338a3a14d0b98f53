"""Random changes of a batch of pictures that keep the anatomy: mirroring and small rotations."""

import math

import numpy as np
import torch
from torch.nn import functional


def augment(pictures: torch.Tensor, *, flip: bool, degrees: float, rng: np.random.Generator) -> torch.Tensor:
    """Mirror and rotate each picture by its own draw.

    Parameters
    ----------
    pictures : (n, channels, side, side) float32
        0 is the background, which comes in where a rotated picture ends.
    flip
        Whether half of them are mirrored left to right: a left breast looks like a right one then, never upside down.
    degrees
        Most that a picture is rotated by, to either side.
    rng
        What is drawn from; two numbers a picture, whatever is switched on.

    Returns
    -------
    (n, channels, side, side) float32
    """
    draws = torch.from_numpy(rng.random((2, len(pictures)))).to(pictures)
    angles = math.radians(degrees) * (2 * draws[0] - 1)
    mirrored = torch.where(draws[1] < 0.5, -1.0, 1.0) if flip else torch.ones_like(angles)
    cosines, sines, zeros = angles.cos(), angles.sin(), torch.zeros_like(angles)
    maps = torch.stack([mirrored * cosines, -sines, zeros, mirrored * sines, cosines, zeros], dim=1).view(-1, 2, 3)
    grid = functional.affine_grid(maps, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, align_corners=False)
