"""New images that a saved model predicts: which, with what label, and what breasts and exams get of theirs."""

import pandas as pd

from mammoflow import tables
from mammoflow.errors import UserError
from mammoflow.evaluation import units
from mammoflow.models.records import Record


def rows(images: pd.DataFrame, labelled: pd.DataFrame | None, record: Record) -> pd.DataFrame:
    """The accepted images of the views that the model was trained for.

    Parameters
    ----------
    images
        `tables.IMAGES`.
    labelled
        `tables.LABELLED_IMAGES`; None where the new images have no labels.
    record
        Of the saved model.

    Returns
    -------
    pandas.DataFrame
        A row an image, as `predictions.as_table` takes it; subset `external`. The label of a class that the model's
        cohort merged into another is the merged one; that of a class which it dropped stays.

    Raises
    ------
    UserError
        If there is no such image.
    """
    is_seen = images["view"].isin(record.settings.get("views", images["view"]))
    own = images[(images["status"] == "accepted") & is_seen].reset_index(drop=True)
    if own.empty:
        raise UserError(
            f"there is no accepted image of views {record.settings.get('views', 'of any kind')}, as the model needs; "
            "results/images/images.tsv says what became of each file"
        )
    label = pd.Series("", index=own.index, dtype=str)
    if labelled is not None:
        known = labelled.set_index("image_id")["label"]
        merged = {part: name for name in record.classes for part in name.split("+")}
        label = own["image_id"].map(known).fillna("").map(lambda one: merged.get(one, one)).astype(str)
    return own.assign(subset="external", label=label)


def check_encoder(files: pd.DataFrame, record: Record) -> None:
    """See that vectors come from the encoder that the model was trained on.

    Parameters
    ----------
    files
        `tables.MODEL_FILES` of the encoder's snapshot.
    record
        Of the saved model.

    Raises
    ------
    UserError
        If any file is another one.
    """
    if sorted(files["sha256"]) != sorted(record.source["files"].values()):
        raise UserError(
            f"the files of encoder {record.settings['encoder']!r} are not those that {record.experiment} was trained "
            "with; set weights, and the encoder's source and revision, as in the run that saved the model"
        )


def of_units(predictions: pd.DataFrame, level: str, *, aggregation: str) -> pd.DataFrame:
    """The probabilities of breasts or exams, from those of their images.

    Parameters
    ----------
    predictions
        `tables.PREDICTIONS`.
    level
        "breast", of images whose side is known, or "exam".
    aggregation
        As for `units.combined`.

    Returns
    -------
    pandas.DataFrame
        `tables.UNIT_PREDICTIONS`; the label is empty where images have none, or differ.
    """
    known = predictions[(predictions[units.KEYS[level]] != "").all(axis=1)]
    groups = known.groupby(units.KEYS[level], sort=True)
    labels = groups["label"]
    about = pd.DataFrame(
        {
            "patient_id": groups["patient_id"].first(),
            "n_images": groups.size().astype("Int64"),
            "label": labels.first().where(labels.nunique() == 1, ""),
        }
    )
    found = about.join(units.combined(known, level, aggregation=aggregation)).reset_index()
    if level == "exam":
        found.insert(1, "laterality", "")
    return found


def best_constant(predictions: pd.DataFrame) -> pd.DataFrame:
    """The same images with the answer that is right most often, given always: what a model must beat.

    Parameters
    ----------
    predictions
        `tables.PREDICTIONS` with labels, at least one of them of a class that is predicted.
    """
    columns = tables.probability_columns(tables.predicted_classes(predictions))
    counts = (tables.PROBABILITY + predictions["label"]).value_counts().reindex(columns, fill_value=0)
    return predictions.assign(**{name: float(name == counts.idxmax()) for name in columns})
