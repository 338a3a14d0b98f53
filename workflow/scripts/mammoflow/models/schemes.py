"""Training schemes of fine-tuning: the published one, and a modern one beside it."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Scheme:
    """The settings of a training; what is 0 is switched off."""

    learning_rate: float
    weight_decay: float
    batch: int  # images a step, over all processes and micro-batches
    max_epochs: int
    patience: int  # epochs without a better validation loss that end the training
    warm_up: int = 0  # epochs in which the learning rate rises; where there are any it falls by a cosine afterwards
    layer_decay: float = 0.0  # factor on the learning rate from each stage to the one before
    drop_path: float = 0.0  # most probability of leaving out a block's branch; it grows with depth
    label_smoothing: float = 0.0
    average: float = 0.0  # decay of the running mean of the weights, which is what validates and is kept
    flip: bool = False  # mirror pictures left to right
    degrees: float = 0.0  # rotate them by at most so much


# Molina-Roman et al. 2025; the weight decay is not given there: torch's own for AdamW.
PAPER = Scheme(learning_rate=1e-4, weight_decay=1e-2, batch=64, max_epochs=200, patience=10)
# After the fine-tuning recipe of ConvNeXt (Liu et al. 2022, doi.org/10.1109/CVPR52688.2022.01167), made for less data:
# the learning rate of the paper, a shorter schedule and a faster mean, because an epoch has some twenty steps here.
MODERN = Scheme(
    learning_rate=1e-4,
    weight_decay=0.05,
    batch=64,
    max_epochs=60,
    patience=20,
    warm_up=3,
    layer_decay=0.8,
    drop_path=0.1,
    label_smoothing=0.1,
    average=0.99,
    flip=True,
    degrees=10.0,
)
SCHEMES = {"paper": PAPER, "modern": MODERN}


def of(training: str, *, most_epochs: int | None = None, **replaced: Any) -> Scheme:
    """The scheme of this name with some of its settings replaced, and no more epochs than `most_epochs`, if any."""
    scheme = replace(SCHEMES[training], **replaced)
    return replace(scheme, max_epochs=min(scheme.max_epochs, most_epochs or scheme.max_epochs))
