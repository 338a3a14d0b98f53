"""The pictures that networks are trained on: grey squares in one array on disk."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Squares:
    """The pictures of some images, read from a memory-mapped array as they are asked for."""

    array: npt.NDArray[np.uint8]  # (all, side, side)
    places: npt.NDArray[np.int64]  # (n,) row of each image's picture

    @property
    def side(self) -> int:
        """Pixels."""
        return self.array.shape[1]

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """The pictures of images: (len(rows), side, side), a copy."""
        return self.array[self.places[rows]]
