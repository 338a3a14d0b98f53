"""What an encoder takes images for: questions that need no label, as a check of the encoder on a cohort."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from mammoflow import tables
from mammoflow.models.prompt_embeddings import Embedded
from mammoflow.models.prompts import CONTEXT, MODALITY
from mammoflow.models.zero_shot import predict

_VIEWS = ("CC", "MLO")


def identify(
    images: pd.DataFrame, vectors: npt.NDArray[np.floating], embedded: Embedded, questions: dict[str, list[str]]
) -> pd.DataFrame:
    """Count, for each question and what is true, what the encoder answers.

    An answer is that whose sentences' mean vector has the greatest cosine with the image's.

    Parameters
    ----------
    images
        `tables.MANIFEST`, of which development images are asked; the question about the view only of CC and MLO.
    vectors : (n, width)
        Their embeddings.
    embedded
        The questions' sentences.
    questions
        The answers of each question, view and modality.

    Returns
    -------
    pandas.DataFrame
        `tables.DOMAIN`: for what is true of any image, a row for each answer, also for those that were never given.
    """
    truths = {"view": images["view"].where(images["view"].isin(_VIEWS), ""), "modality": MODALITY}
    rows: list[dict[str, object]] = []
    for question, answers in questions.items():
        asked = images.assign(truth=truths[question]).reset_index(drop=True)
        asked = asked[(asked["truth"] != "") & (asked["held_out"] == "development")]
        no_context = pd.DataFrame("", index=range(len(asked)), columns=CONTEXT)
        probabilities, _ = predict(vectors[asked.index], no_context, embedded, answers)
        given = asked.assign(answer=[answers[place] for place in probabilities.argmax(axis=1)])
        rows += [{"question": question} | row for row in _counted(given, answers)]
    return tables.frame_of(rows, tables.DOMAIN)


def _counted(given: pd.DataFrame, answers: list[str]) -> list[dict[str, object]]:
    """Images and patients by what is true of them and what they were taken for."""
    rows: list[dict[str, object]] = []
    for truth, of_truth in given.groupby("truth"):
        for answer in answers:
            own = of_truth[of_truth["answer"] == answer]
            counts = {"n_images": len(own), "n_patients": own["patient_id"].nunique()}
            rows.append({"truth": truth, "answer": answer} | counts)
    return rows
