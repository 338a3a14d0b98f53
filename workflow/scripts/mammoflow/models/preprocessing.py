"""What an encoder wants pictures to be: its square, and the mean and spread of its channels.

Pictures stay grey until they are on the device: bringing one channel to size and making three of it gives what the
encoder's own transform gives, which makes three first, at a third of the work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import floor

import cv2
import numpy as np
import torch
from open_clip.transform import CenterCropOrPad, ResizeKeepRatio
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

from mammoflow.errors import UserError


@dataclass(frozen=True)
class Preprocessing:
    """How pictures become an encoder's input.

    `fit` brings a grey picture to the encoder's size; `mean` and `std`, (3, 1, 1) float32, are those of its channels.
    """

    fit: Callable[[Image.Image], Image.Image]
    mean: torch.Tensor
    std: torch.Tensor

    def read(self, path: str) -> torch.Tensor:
        """A PNG at the encoder's size: (height, width) uint8.

        Raises
        ------
        UserError
            If it cannot be read.
        """
        pixels = cv2.imread(path, cv2.IMREAD_GRAYSCALE)  # one of 16 bits as 8
        if pixels is None:
            raise UserError(f"{path} is gone or no PNG; delete the table of its folder in results/png and run again")
        return torch.from_numpy(np.array(self.fit(Image.fromarray(pixels))))

    def to_channels(self, greys: torch.Tensor) -> torch.Tensor:
        """Grey pictures (n, height, width) uint8 as (n, 3, height, width) float32, on the same device."""
        shares = greys.unsqueeze(1).float() / 255
        return (shares - self.mean.to(greys.device)) / self.std.to(greys.device)


def preprocessing(
    *,
    size: tuple[int, int],
    mean: tuple[float, ...],
    std: tuple[float, ...],
    interpolation: str,
    resize: str,
    crop: float = 1.0,
) -> Preprocessing:
    """The preprocessing of a model by its own configuration, but for the resizing.

    Parameters
    ----------
    size
        Height and width that the model takes.
    mean, std
        Of its three channels, of values from 0 to 1.
    interpolation
        "bicubic", "bilinear" or another of Pillow's.
    resize
        "longest": the whole picture, padded with black; "shortest": cut at the centre, the shortest side before being
        the model's by `crop`; "squash": the whole picture, without its aspect.
    crop
        Share of the shortest side that the model was made to see; timm's `crop_pct`.
    """
    by = InterpolationMode(interpolation)
    steps = {
        "longest": [ResizeKeepRatio(size, longest=1, interpolation=by), CenterCropOrPad(size)],
        "shortest": [Resize(floor(min(size) / crop), by), CenterCrop(size)],
        "squash": [Resize(size, by)],
    }[resize]
    return Preprocessing(Compose(steps), *(torch.tensor(three).view(3, 1, 1) for three in (mean, std)))
