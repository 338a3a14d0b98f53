"""Experiments that are restricted to views: what of a manifest they train on, validate with and predict."""

import pandas as pd

from mammoflow.errors import UserError


def restricted(manifest: pd.DataFrame, views: list[str], classes: list[str], *, experiment: str) -> pd.DataFrame:
    """The images of these views.

    Parameters
    ----------
    manifest
        `tables.MANIFEST`.
    views
        Views that the experiment is restricted to; none for all images.
    classes
        The classes kept.
    experiment
        Its name, for the message.

    Returns
    -------
    pandas.DataFrame
        `tables.MANIFEST`, rows in their order.

    Raises
    ------
    UserError
        If a class has no training image of these views, or no image validates.
    """
    if not views:
        return manifest
    own = manifest[manifest["view"].isin(views)].reset_index(drop=True)
    train = set(own.loc[own["subset"] == "train", "label"])
    missing = [f"training image of class {label}" for label in classes if label not in train]
    if not (own["subset"] == "validation").any():
        missing.append("validation image")
    if missing:
        raise UserError(
            f"config: experiments.{experiment}.views is {views}, of which there is no {' and no '.join(missing)}; "
            "allowed: views that every class has"
        )
    return own
