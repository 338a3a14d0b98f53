"""Patients who are one person: an image of theirs is the same, or a table of the user's says so."""

from pathlib import Path

import pandas as pd

from mammoflow import tables, user_tables
from mammoflow.errors import UserError
from mammoflow.privacy import Pseudonyms


def read_same_persons(path: Path, columns: dict[str, str], pseudonyms: Pseudonyms) -> pd.DataFrame:
    """Read the user's table of patient ids that are one person.

    Parameters
    ----------
    path, columns
        As `user_tables.read` takes them; the keys end in patient_column and person_column.
    pseudonyms
        Makes the ids of the tables.

    Returns
    -------
    pandas.DataFrame
        patient_id, as in the tables, and person, as in the file; rows that lack one of them are left out.
    """
    found = user_tables.read(path, columns)
    found = found[(found["patient_column"] != "") & (found["person_column"] != "")]
    patients = [pseudonyms.of("patient", patient) for patient in found["patient_column"]]
    return pd.DataFrame({"patient_id": patients, "person": found["person_column"].to_list()}, dtype=str)


def join(images: pd.DataFrame, same_persons: pd.DataFrame | None = None) -> pd.DataFrame:
    """Patients who are one person, by any chain of patients who share an image or a person.

    Equal texts of reports join nobody: those of normal exams are written from templates.

    Parameters
    ----------
    images
        `tables.IMAGES`; files that were not accepted count as well, duplicates above all.
    same_persons
        What `read_same_persons` returns. Patients without an image may link two who have some.

    Returns
    -------
    pandas.DataFrame
        `tables.GROUPS`; only patients who were joined.

    Raises
    ------
    UserError
        If nobody of `same_persons` is a patient of the images.
    """
    patients = set(images["patient_id"]) - {""}
    pixels = images.loc[(images["patient_id"] != "") & (images["pixel_blake3"] != ""), ["patient_id", "pixel_blake3"]]
    links = [pixels.set_axis(["patient_id", "shared"], axis=1).assign(joined_by="same_pixels")]
    if same_persons is not None:
        if not patients & set(same_persons["patient_id"]):
            raise UserError(
                "config: split.same_persons.patient_column: none of its ids is a patient of the images; "
                "allowed: ids as the headers, or the tables, of the images have them"
            )
        persons = same_persons.set_axis(["patient_id", "shared"], axis=1)
        links.append(persons.assign(joined_by="same_person"))
    found = pd.concat(links, ignore_index=True).drop_duplicates()
    found = found[found.duplicated(["joined_by", "shared"], keep=False)]
    return _as_table(found[["patient_id", "joined_by"]].drop_duplicates(), _united(found), patients)


def _united(links: pd.DataFrame) -> dict[str, str]:
    """A representative of each patient, the same for all who are linked by any chain."""
    parents = {patient: patient for patient in links["patient_id"]}

    def representative(patient: str) -> str:
        while parents[patient] != patient:
            # Every step halves the way for whoever goes it next.
            parents[patient] = parents[parents[patient]]
            patient = parents[patient]
        return patient

    for _, own in links.groupby(["joined_by", "shared"])["patient_id"]:
        first, *others = own
        for other in others:
            parents[representative(other)] = representative(first)
    return {patient: representative(patient) for patient in parents}


def _as_table(reasons: pd.DataFrame, united: dict[str, str], patients: set[str]) -> pd.DataFrame:
    """`tables.GROUPS` of the patients who have images and were joined with another who has."""
    members: dict[str, list[str]] = {}
    for patient, representative in united.items():
        if patient in patients:
            members.setdefault(representative, []).append(patient)
    why = reasons.sort_values("joined_by").groupby("patient_id")["joined_by"].agg(" ".join)
    rows: list[dict[str, object]] = [
        {"patient_id": patient, "group_id": min(own), "joined_by": why[patient]}
        for own in members.values()
        if len(own) > 1
        for patient in own
    ]
    return tables.frame_of(rows, tables.GROUPS).sort_values("patient_id", ignore_index=True)
