"""Siblings: test images of which another image of the same person is used for training.

Views of one person are nearly the same picture. A model that has seen one of them in training may know the person
rather than the class, so that a test image with a sibling is no test. How many there are follows from the split alone.
"""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from mammoflow import accounts, splits, tables
from mammoflow.errors import UserError

log = logging.getLogger(__name__)


def by_unit(
    labelled: pd.DataFrame,
    classes: pd.DataFrame,
    manifests: dict[int, pd.DataFrame],
    *,
    unit: str,
    test: float,
    test_seed: int,
    **settings: Any,
) -> pd.DataFrame:
    """Count siblings in the splits of this run, and in those that it would have with every other unit.

    Parameters
    ----------
    labelled, classes
        `tables.LABELLED_IMAGES` and `tables.CLASSES`.
    manifests
        This run's `tables.MANIFEST` of each seed.
    unit
        What they never divide.
    test, test_seed
        As for `splits.hold_out`; other units are drawn afresh, whatever decided this run's test images.
    settings
        The others of `splits.manifest`.

    Returns
    -------
    pandas.DataFrame
        `tables.SIBLINGS`. A split that cannot be drawn, because a class would be missing in it, has no rows.
    """
    person = labelled.set_index("image_id")["group_id"]
    kept = splits.kept_classes(classes)
    rows: list[dict[str, object]] = []
    of_seeds: Iterable[tuple[int, pd.DataFrame]]
    for other in tables.UNITS:
        of_seeds = manifests.items()
        if other != unit:
            drawn: dict[str, Any] = {"unit": other, "test": test, "test_seed": test_seed, **settings}
            of_seeds = _drawn(labelled, classes, list(manifests), **drawn)
        for seed, manifest in of_seeds:
            rows += [{"unit": other, "seed": seed} | counted for counted in _counted(manifest, person, kept)]
    return tables.frame_of(rows, tables.SIBLINGS)


def check_persons(labelled: pd.DataFrame, manifests: dict[int, pd.DataFrame]) -> None:
    """See to it that no person stands on two sides of a split by patient.

    Parameters
    ----------
    labelled
        `tables.LABELLED_IMAGES`.
    manifests
        A `tables.MANIFEST` for each seed.

    Raises
    ------
    UserError
        With their number, if there are any.
    """
    person = labelled.set_index("image_id")["group_id"]
    for seed, manifest in manifests.items():
        of_person = manifest.assign(patient_id=manifest["image_id"].map(person))
        if several := accounts.patients_in_several_subsets(of_person):
            raise UserError(
                f"results/splits/seed{seed}/manifest.tsv: {several} persons are in more than one of train, validation "
                "and test, though split.unit is patient; delete the file to have it made again"
            )


def _drawn(
    labelled: pd.DataFrame,
    classes: pd.DataFrame,
    seeds: list[int],
    *,
    unit: str,
    test: float,
    test_seed: int,
    **settings: Any,
) -> Iterator[tuple[int, pd.DataFrame]]:
    """The manifest of each seed that a split by this unit would give, as far as it can be drawn."""
    held_out = splits.hold_out(labelled, classes, unit=unit, test=test, test_seed=test_seed)
    for seed in seeds:
        try:
            yield seed, splits.manifest(labelled, held_out, classes, seed=seed, test_seed=test_seed, **settings)
        except UserError as error:
            log.warning("split by %s, seed %d: not counted: %s", unit, seed, error)


def _counted(manifest: pd.DataFrame, person: pd.Series, kept: list[str]) -> list[dict[str, object]]:
    """Test images, and those with a sibling, of each class and of all."""
    own = manifest["image_id"].map(person)
    is_test = manifest["subset"] == "test"
    label = manifest.loc[is_test, "label"]
    has_sibling = own[is_test].isin(own[manifest["subset"] == "train"])
    return [
        {"label": key, "n_images": int(among.sum()), "n_with_sibling": int(has_sibling[among].sum())}
        for key, among in [(key, label == key) for key in kept] + [("", label.notna())]
    ]
