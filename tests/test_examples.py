"""Which test images stand for what a method gets right and wrong."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from mammoflow import tables
from mammoflow.figures import examples

PATIENTS = st.sampled_from([f"p{i}" for i in range(5)])
SURE = st.sampled_from([0.5, 0.6, 0.75, 0.9])
ANSWERS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("ab"), PATIENTS, SURE), max_size=40)


def make_answers(rows):
    """In the order that `answers` gives them."""
    frame = pd.DataFrame(rows, columns=["label", "said", "patient_id", "probability"])
    frame = frame.assign(image_id=[f"i{i:02}" for i in range(len(rows))], right=frame["label"] == frame["said"])
    return frame.sort_values(["probability", "image_id"], ascending=[False, True], ignore_index=True)


def make_predictions(rows):
    """Predictions of these (image, patient, subset, label, p_a, p_b, p_c)."""
    names = ["image_id", "patient_id", "subset", "label", "p_a", "p_b", "p_c"]
    frame = pd.DataFrame(rows, columns=names).assign(exam_id="e", laterality="L", view="CC")
    order = [*(name for name in tables.PREDICTIONS.columns if not name.startswith("^")), *names[4:]]
    return frame[order]


def test_answers_are_the_likeliest_class_of_each_test_image_the_surest_first():
    predictions = make_predictions(
        [
            ("i1", "p1", "test", "a", 0.5, 0.3, 0.2),
            ("i2", "p1", "test", "b", 0.7, 0.2, 0.1),
            ("i3", "p2", "test", "c", 0.4, 0.4, 0.2),
            ("i4", "p3", "test", "a", 0.5, 0.4, 0.1),
            ("i5", "p4", "train", "a", 0.9, 0.1, 0.0),
            ("i6", "p5", "test", "d", 0.8, 0.1, 0.1),  # of a class that was left out
        ]
    )
    found = examples.answers(predictions)
    assert found["image_id"].tolist() == ["i2", "i1", "i4", "i3"]
    assert found["said"].tolist() == ["a", "a", "a", "a"]
    assert found["probability"].tolist() == [0.7, 0.5, 0.5, 0.4]
    assert found["right"].tolist() == [False, True, True, False]


def test_the_surest_answers_are_chosen_each_of_another_patient():
    first = [("a", "a", "p1", 0.9), ("a", "a", "p1", 0.9), ("a", "a", "p2", 0.6), ("a", "a", "p3", 0.5)]
    answered = make_answers([*first, ("a", "a", "p4", 0.5), ("a", "b", "p1", 0.6), ("a", "b", "p1", 0.75)])
    assert examples.choose(answered)["image_id"].tolist() == ["i00", "i06", "i02", "i05", "i03"]


@given(ANSWERS, st.integers(1, 4))
def test_as_many_as_there_are_of_as_many_patients_as_there_are(rows, n):
    answered = make_answers(rows)
    chosen = examples.choose(answered, n=n)
    assert chosen["image_id"].is_unique
    for key, own in answered.groupby(["label", "right"]):
        taken = chosen[(chosen["label"] == key[0]) & (chosen["right"] == key[1])]
        assert len(taken) == min(n, len(own))
        assert taken["patient_id"].nunique() == min(n, own["patient_id"].nunique())
        # Nobody of a patient who is not shown is surer than a shown patient's surest.
        left = own[~own["patient_id"].isin(taken["patient_id"])]
        assert left.empty or left["probability"].max() <= taken.groupby("patient_id")["probability"].max().min()
    assert chosen.equals(chosen.sort_values(["probability", "image_id"], ascending=[False, True]))
