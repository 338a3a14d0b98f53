"""Images, reports and labels meet by exam; whoever is left out has a reason."""

import pytest

from mammoflow import cohort, splits, tables
from mammoflow.errors import UserError

NOBODY = tables.empty(tables.GROUPS)


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
        NOBODY,
        level="exam",
    )
    assert found[["image_id", "label"]].to_numpy().tolist() == [["i0", "b"]]


def test_an_image_takes_its_breasts_label_else_the_exams():
    found = cohort.labelled_images(
        images(("x", "L", "accepted"), ("x", "R", "accepted")),
        labels(("x", "", "", "b"), ("x", "L", "", "c")),
        NOBODY,
        level="breast",
    )
    assert found.set_index("laterality")["label"].to_dict() == {"L": "c", "R": "b"}


def test_an_image_takes_its_own_label():
    found = cohort.labelled_images(
        images(("x", "L", "accepted"), ("x", "R", "accepted")),
        labels(("x", "", "", "b"), ("x", "", "i1", "d")),
        NOBODY,
        level="image",
    )
    assert found[["image_id", "label"]].to_numpy().tolist() == [["i1", "d"]]


def test_an_image_knows_its_person_its_official_side_and_its_outline():
    found = images(("x", "L", "accepted"), ("y", "L", "accepted"), ("z", "L", "accepted"))
    found = found.assign(official=["test", "development", ""], roi=["yes", "no", ""])
    groups = tables.frame_of(
        [{"patient_id": patient, "group_id": "p_x", "joined_by": "same_pixels"} for patient in ("p_x", "p_y")],
        tables.GROUPS,
    )
    known = labels(("x", "", "", "a"), ("y", "", "", "b"), ("z", "", "", "c"))
    labelled = cohort.labelled_images(found, known, groups, level="exam")
    assert labelled[["patient_id", "group_id", "official", "roi"]].to_numpy().tolist() == [
        ["p_x", "p_x", "test", "yes"],
        ["p_y", "p_x", "development", "no"],
        ["p_z", "p_z", "", ""],
    ]


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
    labelled = cohort.labelled_images(found, known, NOBODY, level="exam")
    exams = cohort.join_exams(found, known, parsed, NOBODY, labelled).set_index("exam_id")
    assert len(exams) == 6
    assert exams.loc[exam, "reason"] == reason
    assert exams["included"].sum() == 1


def test_without_reports_an_exam_lacks_only_its_label():
    found = images(("x", "L", "accepted"), ("y", "L", "accepted"))
    known = labels(("x", "L", "", "a"))
    exams = cohort.join_exams(found, known, None, NOBODY, cohort.labelled_images(found, known, NOBODY, level="breast"))
    assert exams["reason"].tolist() == ["", "label_missing"]
    assert exams["report_status"].tolist() == ["", ""]


def test_a_cohort_of_nobody_is_written_and_said_plainly(tmp_path):
    nothing, none = tables.empty(tables.IMAGES), tables.empty(tables.LABELS)
    labelled = cohort.labelled_images(nothing, none, NOBODY, level="exam")
    exams = cohort.join_exams(nothing, none, None, NOBODY, labelled)
    for frame, table in ((labelled, tables.LABELLED_IMAGES), (exams, tables.EXAMS)):
        tables.write(frame, tmp_path / "t.tsv", table)
        assert tables.read(tmp_path / "t.tsv", table).empty
    with pytest.raises(UserError, match="class a has 0 patients with labelled images"):
        splits.settle_classes(labelled, ["a", "b"], min_patients_per_class=3, small_class="stop")
    with pytest.raises(UserError, match="fewer than two classes"):
        splits.settle_classes(labelled, ["a", "b"], min_patients_per_class=3, small_class="drop")


def test_an_exam_of_several_patients_is_left_out_unless_they_are_one_person():
    found = images(("x", "L", "accepted"), ("x", "R", "accepted"), ("y", "L", "accepted"))
    found.loc[1, "patient_id"] = "p_other"
    known = labels(("x", "", "", "a"), ("y", "", "", "b"))
    labelled = cohort.labelled_images(found, known, NOBODY, level="exam")
    assert labelled["exam_id"].tolist() == ["y"]
    exams = cohort.join_exams(found, known, None, NOBODY, labelled).set_index("exam_id")
    assert exams["reason"].to_dict() == {"x": "several_patients", "y": ""}
    joined = [
        {"patient_id": patient, "group_id": "p_other", "joined_by": "same_person"} for patient in ("p_x", "p_other")
    ]
    one = tables.frame_of(joined, tables.GROUPS)
    labelled = cohort.labelled_images(found, known, one, level="exam")
    assert labelled.groupby("exam_id")["group_id"].unique().map(list).to_dict() == {"x": ["p_other"], "y": ["p_y"]}
    assert cohort.join_exams(found, known, None, one, labelled)["reason"].tolist() == ["", ""]
