"""Zero-shot: probabilities of classes from the cosines of images and sentences. All is float64.

class
    The vector of a class is the mean of its sentences' vectors, brought to length 1; probabilities are the softmax of
    the cosines times the model's temperature (Radford et al., 2021, doi.org/10.48550/arXiv.2103.00020).
pair
    The probability of the sentence that says a class against that which denies it is the softmax of their two cosines,
    as they are (CheXzero: Tiu et al., 2022, doi.org/10.1038/s41551-022-00936-9).
descriptors
    The same for each sign of a class, of cosines divided by 0.5; the class has the mean of the logarithms (Xplainer:
    Pellegrini et al., 2023, doi.org/10.1007/978-3-031-43904-9_41).

These two methods ask of each finding alone whether it is there. Ours is the step to classes of which one is true: the
softmax over classes of the (mean) logarithms, so that a class's share is that of its (geometric mean) probability.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import log_expit, softmax

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.models.prompt_embeddings import Embedded, normalised
from mammoflow.models.prompts import CONTEXT

# What cosines of a sentence and its denial are divided by.
_DIVISORS = {"pair": 1.0, "descriptors": 0.5}
_SIGN = ["label", "descriptor"]

_Vectors = npt.NDArray[np.float64]


def contexts(images: pd.DataFrame, exams: pd.DataFrame, prompts: pd.DataFrame) -> pd.DataFrame:
    """Which sentences of a prompt set are for which image.

    Parameters
    ----------
    images
        `tables.MANIFEST`.
    exams
        `tables.EXAMS`, for the age.
    prompts
        `tables.PROMPTS`.

    Returns
    -------
    pandas.DataFrame
        view, side and age_band of the sentences for each image, in its order; "" where the image's is not known, or is
        one that the set has no words for.
    """
    ages = images["exam_id"].map(exams.set_index("exam_id")["age_band"])
    known = pd.DataFrame({"view": images["view"], "side": images["laterality"], "age_band": ages})
    return known.where(known.apply(lambda column: column.isin(prompts[column.name])), "").reset_index(drop=True)


def predict(
    images: npt.NDArray[np.floating], context: pd.DataFrame, embedded: Embedded, classes: list[str]
) -> tuple[_Vectors, pd.DataFrame]:
    """Probabilities of the classes, and of what they were found by.

    Parameters
    ----------
    images : (n, width)
        Image embeddings, of any length.
    context
        n rows of `contexts`.
    embedded
        The prompt set.
    classes
        The k classes of the split; a merged class `a+b` has the sentences, or the descriptors, of its parts together.

    Returns
    -------
    probabilities : (n, k) float64
        Each row sums to 1.
    signs : (n, m) pandas.DataFrame
        The probability that an image shows a descriptor; columns are (label, descriptor), none where the kind is class.

    Raises
    ------
    UserError
        If the prompt set lacks a class.
    """
    kind, signs = embedded.prompts["kind"].iloc[0], _signs(embedded.prompts, classes)
    vectors = normalised(images)
    logits, logs = np.empty((len(vectors), len(classes))), np.empty((len(vectors), len(signs)))
    for known, rows in context.groupby(CONTEXT).indices.items():
        prompts = embedded.prompts[(embedded.prompts[CONTEXT] == list(known)).all(axis=1)]
        if kind == "class":
            logits[rows] = embedded.temperature * vectors[rows] @ _of_classes(prompts, embedded, classes).T
        else:
            logs[rows] = log_expit(vectors[rows] @ _contrasts(prompts, embedded, signs).T / _DIVISORS[kind])
    if kind != "class":
        logits = np.column_stack([logs[:, _are_of(signs, label)].mean(axis=1) for label in classes])
    return softmax(logits, axis=1), pd.DataFrame(np.exp(logs), columns=pd.MultiIndex.from_tuples(signs, names=_SIGN))


def explanations(image_ids: pd.Series, signs: pd.DataFrame) -> pd.DataFrame:
    """A row for each image and descriptor: `tables.EXPLANATIONS`.

    Parameters
    ----------
    image_ids
        n images.
    signs
        What `predict` found of them.
    """
    if signs.columns.empty:
        return tables.empty(tables.EXPLANATIONS)
    rows = signs.set_index(pd.Index(image_ids, name="image_id")).stack(_SIGN, future_stack=True)
    return rows.rename("probability").reset_index()[list(tables.EXPLANATIONS.columns)]


def _signs(prompts: pd.DataFrame, classes: list[str]) -> list[tuple[str, str]]:
    """Label and descriptor of all that is asked to tell these classes apart; none where the kind is class."""
    parts = [part for label in classes for part in label.split("+")]
    if missing := [part for part in parts if part not in set(prompts["label"])]:
        raise UserError(f"config: the prompt set has no sentence for class {missing[0]!r}; choose one of this task")
    own = prompts[prompts["label"].isin(parts) & (prompts["pole"] != "")]
    return list(dict.fromkeys(zip(own["label"], own["descriptor"], strict=True)))


def _of_classes(prompts: pd.DataFrame, embedded: Embedded, classes: list[str]) -> _Vectors:
    """The vector of each class: (k, width)."""
    return np.stack([embedded.mean(prompts[prompts["label"].isin(label.split("+"))]) for label in classes])


def _contrasts(prompts: pd.DataFrame, embedded: Embedded, signs: list[tuple[str, str]]) -> _Vectors:
    """For each descriptor the vector of what says it less that of what denies it: (m, width).

    The softmax of two values is the logistic function of their difference, so that this is all that is needed of them.
    """
    poles = {key: embedded.mean(rows) for key, rows in prompts.groupby([*_SIGN, "pole"])}
    return np.stack([poles[*sign, "positive"] - poles[*sign, "negative"] for sign in signs])


def _are_of(signs: list[tuple[str, str]], label: str) -> list[bool]:
    """Whether each descriptor is of a class."""
    return [part in label.split("+") for part, _ in signs]
