"""Labels from reports beside labels from their translations."""

import pandas as pd

from mammoflow import tables


def withheld(labels: pd.DataFrame, translation: pd.DataFrame) -> pd.DataFrame:
    """Labels from translations, without those of exams whose translation failed the check.

    Parameters
    ----------
    labels
        `tables.LABELS` as extracted from translations.
    translation
        `tables.TRANSLATION`.

    Returns
    -------
    DataFrame
        `tables.LABELS`. What is lost in a translation may be the statement itself, so an exam without a statement is
        ambiguous too; what was ambiguous anyway keeps its reason.
    """
    found = labels.copy()
    failing = translation.loc[translation["reason"] != "", "exam_id"]
    own = found["exam_id"].isin(failing) & (found["status"] != "ambiguous")
    found.loc[own, ["label", "density", "edition"]] = ""
    found.loc[own, ["status", "reason"]] = ["ambiguous", "translation_check"]
    return found


def compare(original: pd.DataFrame, translated: pd.DataFrame, translation: pd.DataFrame) -> pd.DataFrame:
    """The label of each exam whose report was translated, by language: `tables.LANGUAGES`.

    Parameters
    ----------
    original
        `tables.LABELS` as extracted from the reports.
    translated
        The same from their translations.
    translation
        `tables.TRANSLATION`.
    """
    checked = _of_exams(withheld(translated, translation))
    exam_ids = translation.loc[translation["status"] == "translated", "exam_id"].reset_index(drop=True)
    frame = pd.DataFrame({"exam_id": exam_ids})
    frame["original"] = _said(_of_exams(original)).reindex(exam_ids).to_numpy()
    frame["translation"] = _said(checked).reindex(exam_ids).to_numpy()
    frame["reason"] = checked["reason"].reindex(exam_ids).to_numpy()
    frame["agree"] = frame["original"] == frame["translation"]
    return frame[list(tables.LANGUAGES.columns)]


def _of_exams(labels: pd.DataFrame) -> pd.DataFrame:
    return labels[(labels["side"] == "") & (labels["image_id"] == "")].set_index("exam_id")


def _said(exams: pd.DataFrame) -> pd.Series:
    return exams["label"].where(exams["status"] == "labelled", exams["status"])
