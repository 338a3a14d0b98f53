"""What was tried on the validation images, and what was chosen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tried:
    """A setting, named as name=value, and how it did on the validation images; NaN where a measure is none."""

    setting: str
    loss: float
    accuracy: float
    epoch: int | None = None


def rows_of(tried: list[Tried], chosen: int, *, seed: int) -> list[dict[str, object]]:
    """Rows of `tables.CHOICES`, settings in the order in which they are preferred where they do equally well."""
    return [
        {
            "seed": seed,
            "position": position,
            "setting": one.setting,
            "validation_loss": one.loss,
            "validation_accuracy": one.accuracy,
            "epoch": one.epoch,
            "chosen": position == chosen,
        }
        for position, one in enumerate(tried)
    ]
