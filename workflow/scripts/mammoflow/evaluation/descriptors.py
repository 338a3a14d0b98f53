"""What descriptors of images are worth: how far their probabilities tell the classes apart that they speak for."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mammoflow.evaluation import ranks, resampling


@dataclass(frozen=True)
class Worth:
    """A descriptor on images whose classes are known."""

    label: str  # class of the task that it speaks for
    descriptor: str
    means: tuple[float, ...]  # (K,) mean probability on the images of each class; NaN where there is none
    auroc: float  # of its class against the rest: 1 where it is always likelier there, 0.5 where it says nothing
    low: float
    high: float


def worth(
    explanations: pd.DataFrame, images: pd.DataFrame, classes: list[str], *, resamples: int, seed: int
) -> list[Worth]:
    """Measure every descriptor of an experiment.

    Parameters
    ----------
    explanations
        `tables.EXPLANATIONS`.
    images
        `tables.MANIFEST` rows to measure on, of classes that are kept; those without an explanation are left out.
    classes
        The K classes kept, in order; a descriptor of `a` speaks for a merged class `a+b`.
    resamples, seed
        Of the bootstrap over patients.

    Returns
    -------
    list
        By area, the greatest first; equal ones, and those without one, in the order of labels and descriptors.
    """
    wide = explanations.pivot(index="image_id", columns=["label", "descriptor"], values="probability")
    wide = wide.sort_index(axis=1)
    own = images[images["image_id"].isin(wide.index)]
    of_image = wide.loc[own["image_id"]]
    patients, patient = np.unique(own["patient_id"].to_numpy(dtype=str), return_inverse=True)
    truth = own["label"].map({key: at for at, key in enumerate(classes)}).to_numpy(dtype=np.int64)
    strata = resampling.strata(truth, patient.astype(np.int64))
    weights = resampling.patient_weights(strata, resamples=resamples, seed=seed)
    once = np.ones((1, len(patients)), dtype=np.uint16)
    found = []
    for label, descriptor in of_image.columns:
        scores = of_image[label, descriptor].to_numpy(dtype=np.float64)
        means = [scores[own["label"] == key] for key in classes]
        positive = np.array([label in truth.split("+") for truth in own["label"]], dtype=bool)
        area, drawn = (
            ranks.areas(positive, scores, patient=patient.astype(np.int64), weights=own_weights).auroc
            for own_weights in (once, weights)
        )
        ends = resampling.interval(drawn)
        of_class = tuple(float(values.mean()) if len(values) else float("nan") for values in means)
        found.append(Worth(label, descriptor, of_class, float(area[0]), ends.low, ends.high))
    return sorted(found, key=lambda one: -np.nan_to_num(one.auroc, nan=-1.0))
