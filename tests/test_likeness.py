"""Exams of different patients whose reports and birth dates are the same."""

from mammoflow import tables
from mammoflow.reports import likeness

NOBODY = tables.empty(tables.GROUPS)


def texts(**of_exams):
    rows = [{"exam_id": exam, "exam": exam.upper(), "text": text} for exam, text in of_exams.items()]
    return tables.frame_of(rows, tables.TEXTS)


def births(*rows):
    """In two shards, both of which hold an image of the first exam."""
    frame = tables.frame_of([dict(zip(tables.BIRTHS.columns, row, strict=True)) for row in rows], tables.BIRTHS)
    return [frame.head(2), frame.drop(index=frame.index[1:2])]


def test_both_text_and_birth_must_be_the_same_and_the_patient_another():
    found = likeness.same_text_and_birth(
        texts(
            e1="Mamas  densas.\n", e2="Mamas densas.", e3="Mamas densas.", e4="Mamas densas.", e5="Mamas grasas.",
            e6=" ", e7="",
        ),
        births(
            ("e1", "p1", "b1"), ("e2", "p2", "b1"), ("e3", "p3", "b2"), ("e4", "p1", "b1"), ("e5", "p5", "b1"),
            ("e6", "p6", "b1"), ("e7", "p7", "b1"), ("without_report", "p8", "b1"),
        ),
        NOBODY,
    )  # fmt: skip
    # e3 was born on another day, e5 has another text, e6 and e7 have none; e1 and e4 are one patient's.
    assert found == {"e1": ["e2"], "e2": ["e1", "e4"], "e4": ["e2"]}


def test_patients_who_are_one_person_already_are_not_listed():
    groups = tables.frame_of(
        [{"patient_id": patient, "group_id": "p1", "joined_by": "same_person"} for patient in ("p1", "p2")],
        tables.GROUPS,
    )
    same = texts(e1="x", e2="x", e3="x")
    known = births(("e1", "p1", "b"), ("e2", "p2", "b"))
    assert likeness.same_text_and_birth(same, known, groups) == {}
    third = births(("e1", "p1", "b"), ("e2", "p2", "b"), ("e3", "p3", "b"))
    assert likeness.same_text_and_birth(same, third, groups) == {"e1": ["e3"], "e2": ["e3"], "e3": ["e1", "e2"]}


def test_nothing_is_like_nothing():
    assert likeness.same_text_and_birth(texts(), births(), NOBODY) == {}


def test_the_review_gets_a_row_or_a_second_reason(tmp_path):
    review = tables.frame_of(
        [
            {"exam": "E1", "side": "", "reason": "imprecise", "sentences": "Mamas densas."},
            {"exam": "E2", "side": "L", "reason": "hedge", "sentences": "b-c"},
        ],
        tables.REVIEW,
    )
    alike = {"e1": ["e2", "e3"], "e2": ["e1"]}
    found = likeness.add_to_review(review, alike, names={"e1": "E1", "e2": "E2"})
    tables.write(found, tmp_path / "review.tsv", tables.REVIEW)
    assert tables.read(tmp_path / "review.tsv", tables.REVIEW).to_numpy().tolist() == [
        ["E1", "", "", "imprecise same_text_and_birth", "Mamas densas. | Same text and birth date as E2, e3."],
        ["E2", "", "", "same_text_and_birth", "Same text and birth date as E1."],
        ["E2", "L", "", "hedge", "b-c"],
    ]
