"""Images, reports and labels meet by exam; whoever is left out has a reason."""

import pytest

from mammoflow import cohort, splits, tables
from mammoflow.errors import UserError


def images(*rows):
    return tables.frame_of(
        [
            {
                "image_id": f"i{n}", "file_id": f"f{n}", "exam_id": exam, "patient_id": f"p_{exam}",
                "laterality": side, "view": "CC", "status": status, "year": "2015",
            }
            for n, (exam, side, status) in enumerate(rows)
        ],
        tables.IMAGES,
    )  # fmt: skip


def labels(*rows):
    return tables.frame_of(
        [
            {"exam_id": exam, "side": side, "image_id": image, "label": label, "level": "exam",
             "status": "labelled" if label else "none"}
            for exam, side, image, label in rows
        ],
        tables.LABELS,
    )  # fmt: skip


def reports(**status):
    return tables.frame_of([{"exam_id": exam, "status": own} for exam, own in status.items()], tables.REPORTS)


def test_an_image_takes_the_exams_label():
    found = cohort.labelled_images(
        images(("x", "L", "accepted"), ("x", "R", "quarantined"), ("y", "L", "accepted")),
        labels(("x", "", "", "b"), ("x", "L", "", "c")),
        level="exam",
    )
    assert found[["image_id", "label"]].to_numpy().tolist() == [["i0", "b"]]


def test_an_image_takes_its_breasts_label_else_the_exams():
    found = cohort.labelled_images(
        images(("x", "L", "accepted"), ("x", "R", "accepted")),
        labels(("x", "", "", "b"), ("x", "L", "", "c")),
        level="breast",
    )
    assert found.set_index("laterality")["label"].to_dict() == {"L": "c", "R": "b"}


def test_an_image_takes_its_own_label():
    found = cohort.labelled_images(
        images(("x", "L", "accepted"), ("x", "R", "accepted")),
        labels(("x", "", "", "b"), ("x", "", "i1", "d")),
        level="image",
    )
    assert found[["image_id", "label"]].to_numpy().tolist() == [["i1", "d"]]


@pytest.mark.parametrize(
    ("exam", "reason"),
    [
        ("good", ""),
        ("orphan_report", "no_image"),
        ("orphan_image", "report_missing"),
        ("broken", "no_accepted_image"),
        ("unclear", "label_none"),
        ("empty", "report_empty"),
    ],
)
def test_every_exam_is_accounted_for(exam, reason):
    found = images(
        ("good", "L", "accepted"),
        ("orphan_image", "L", "accepted"),
        ("broken", "L", "quarantined"),
        ("unclear", "L", "accepted"),
        ("empty", "L", "accepted"),
    )
    known = labels(
        ("good", "", "", "a"), ("orphan_report", "", "", "b"), ("broken", "", "", "c"), ("unclear", "", "", ""),
        ("empty", "", "", ""),
    )  # fmt: skip
    parsed = reports(good="parsed", orphan_report="parsed", broken="parsed", unclear="parsed", empty="empty")
    labelled = cohort.labelled_images(found, known, level="exam")
    exams = cohort.join_exams(found, known, parsed, labelled).set_index("exam_id")
    assert len(exams) == 6
    assert exams.loc[exam, "reason"] == reason
    assert exams["included"].sum() == 1


def test_without_reports_an_exam_lacks_only_its_label():
    found = images(("x", "L", "accepted"), ("y", "L", "accepted"))
    known = labels(("x", "L", "", "a"))
    exams = cohort.join_exams(found, known, None, cohort.labelled_images(found, known, level="breast"))
    assert exams["reason"].tolist() == ["", "label_missing"]
    assert exams["report_status"].tolist() == ["", ""]


def test_a_cohort_of_nobody_is_written_and_said_plainly(tmp_path):
    nothing, none = tables.empty(tables.IMAGES), tables.empty(tables.LABELS)
    labelled = cohort.labelled_images(nothing, none, level="exam")
    exams = cohort.join_exams(nothing, none, None, labelled)
    for frame, table in ((labelled, tables.LABELLED_IMAGES), (exams, tables.EXAMS)):
        tables.write(frame, tmp_path / "t.tsv", table)
        assert tables.read(tmp_path / "t.tsv", table).empty
    with pytest.raises(UserError, match="class a has 0 patients with labelled images"):
        splits.settle_classes(labelled, ["a", "b"], min_patients_per_class=3, small_class="stop")
    with pytest.raises(UserError, match="fewer than two classes"):
        splits.settle_classes(labelled, ["a", "b"], min_patients_per_class=3, small_class="drop")
