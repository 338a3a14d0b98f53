"""Which test images stand for what a method gets right and wrong."""

import pandas as pd

from mammoflow import tables
from mammoflow.evaluation import units

N_EXAMPLES = 3  # of each class, right and wrong


def answers(predictions: pd.DataFrame) -> pd.DataFrame:
    """What a method says of each test image, and how sure it is, the surest first.

    Parameters
    ----------
    predictions
        `tables.PREDICTIONS` of one seed.

    Returns
    -------
    pandas.DataFrame
        image_id, patient_id, label, said, probability (of what is said) and right; of equal probabilities the first
        image_id comes first, and of equally likely classes the first in order is said.
    """
    test = units.of_subset(predictions, "test")
    classes = tables.predicted_classes(predictions)
    probabilities = test[tables.probability_columns(classes)].to_numpy()
    said = [classes[place] for place in probabilities.argmax(axis=1)]
    found = test[["image_id", "patient_id", "label"]].assign(said=said, probability=probabilities.max(axis=1))
    found = found.assign(right=found["label"] == found["said"])
    return found.sort_values(["probability", "image_id"], ascending=[False, True], ignore_index=True)


def choose(answered: pd.DataFrame, *, n: int = N_EXAMPLES) -> pd.DataFrame:
    """The surest right and the surest wrong answers of each class, each of another patient while there are others.

    Parameters
    ----------
    answered
        As `answers` gives them.
    n
        At most so many right ones and so many wrong ones of a class.

    Returns
    -------
    pandas.DataFrame
        The chosen rows, in their order.
    """
    # A patient's second image comes after every patient's first.
    turn = answered.groupby(["label", "right", "patient_id"]).cumcount()
    in_turn = answered.assign(turn=turn).sort_values("turn", kind="stable")
    chosen = in_turn.groupby(["label", "right"]).head(n).index
    return answered.loc[sorted(chosen)].reset_index(drop=True)
