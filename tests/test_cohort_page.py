"""The page of the cohort: its counts are those of the tables, and it is made without any model."""

import re

import pandas as pd
import pytest

from mammoflow import provenance, tables
from mammoflow.pages import cohort, html, sections, summary
from tests.conftest import REPO
from tests.page_values import CAVEAT, make_labels, read
from tests.test_plots import TASK, make_classes, make_exams, make_images, make_manifest
from tests.test_workflow import checkout, run, write_config

__all__ = ["checkout"]
PAGE = REPO / "resources/report/cohort.html.j2"
WARNING = "synthetic demo: nothing clinical"
SECTIONS = ["files", "accepted", "labels", "missing", "duplicates", "split", "run"]


def frame(table, *rows):
    """Rows of a table; texts that are not given are empty."""
    text = [name for name, column in table.columns.items() if str(column.dtype).startswith("str")]
    return tables.frame_of([dict.fromkeys(text, "") | row for row in rows], table)


def cells(table, key=0):
    """Rows of a table by one of their cells."""
    return {row[key]: row[:key] + row[key + 1 :] for row in table.rows}


def make_labelled(manifest):
    columns = [name for name in tables.LABELLED_IMAGES.columns if name in manifest]
    rows = manifest[columns].assign(group_id=manifest["patient_id"], device="Maker 1").to_dict("records")
    return frame(tables.LABELLED_IMAGES, *rows)


def make_groups():
    joined = {
        "p001": ("p001", "same_pixels"),
        "p002": ("p001", "same_pixels same_person"),
        "p003": ("p001", "same_person"),
    }
    rows = [{"patient_id": one, "group_id": group, "joined_by": by} for one, (group, by) in joined.items()]
    return frame(tables.GROUPS, *rows)


def make_download():
    counts = {"listed": 12, "found": 10, "missing": 2, "unlisted": 1}
    return frame(tables.DOWNLOAD, *({"what": what, "n_images": n} for what, n in counts.items()))


def make_test_patients(manifest):
    own = manifest.drop_duplicates("patient_id")
    rows = own[["patient_id", "held_out"]].assign(unit="patient", by="draw", stratum="a").to_dict("records")
    return frame(tables.TEST_PATIENTS, *rows)


def make_page(**changes):
    """The page of a made-up cohort of a public data set with reports."""
    manifest = make_manifest()
    exams, images, classes = make_exams(manifest), make_images(manifest), make_classes(manifest)
    images = images.assign(rows=512, columns=416, year="2016", transfer_syntax="1.2.840.10008.1.2.1")
    leaking, leak = sections.leak_check({1: manifest})
    values = {
        "task": TASK.name,
        "caveats": [CAVEAT],
        "warning": WARNING,
        "summary": summary.cohort(images, exams, manifest),
        "files": cohort.files(images),
        "accepted": cohort.accepted(images),
        "labels": cohort.labels(make_labels(exams), make_labelled(manifest), TASK, source="reports"),
        "missing": cohort.missing(exams, make_download(), has_reports=True),
        "duplicates": cohort.duplicates(images, make_groups()),
        "too_small": cohort.too_small(classes, manifest, TASK, least=6),
        "leaking": leaking,
        "leak": leak,
        "split": [
            sections.classes(classes, TASK),
            cohort.held_out(make_test_patients(manifest)),
            sections.subsets(manifest, seed=1, task=TASK),
        ],
        "commit": provenance.code_commit(REPO),
        "versions": sections.versions(provenance.versions()),
        "config": "task: density\nweights: random\n",
    }
    return html.render(PAGE, **values | changes)


def test_the_page_is_whole_and_needs_no_network():
    page = make_page()
    reader = read(page)
    assert [attributes["id"] for tag, attributes in reader.tags if tag == "section"] == ["summary", *SECTIONS]
    assert [attributes["href"] for tag, attributes in reader.tags if tag == "a"] == [
        "#main",
        *(f"#{s}" for s in SECTIONS),
    ]
    assert not {"link", "iframe", "object", "img"} & {tag for tag, _ in reader.tags}
    assert not re.search(r"url\(|@import|https?://", page)
    assert CAVEAT in "".join(reader.text)
    captions = re.findall(r"<caption>(.*?)</caption>", page, re.DOTALL)
    assert [one for one in captions if WARNING not in one] == ["Versions, in the environment that made this page"]
    assert page == make_page()


def test_a_leak_is_marked():
    assert 'class="caveat" role="note"><strong>Leak check' not in make_page()
    assert 'class="caveat" role="note"><strong>Leak check' in make_page(leaking=True)


def test_images_are_counted_by_what_is_known_of_them():
    known = {
        "status": "accepted",
        "transfer_syntax": "1.2.840.10008.1.2.5",
        "rows": 10,
        "columns": 8,
        "bits_stored": 12,
    }
    images = frame(
        tables.IMAGES,
        {"image_id": "1", "file_id": "1", "patient_id": "p", "year": "2019", "notes": "implant lossy"} | known,
        {"image_id": "2", "file_id": "2", "patient_id": "p", "year": "2014"} | known | {"rows": 12},
        {"image_id": "3", "file_id": "3", "patient_id": "q", "year": ""} | known | {"transfer_syntax": "png"},
        {
            "image_id": "4",
            "file_id": "4",
            "patient_id": "q",
            "status": "excluded",
            "reason": "duplicate",
            "year": "2014",
        },
    )
    found = {table.columns[0]: cells(table) for table in cohort.accepted(images)}
    assert found["transfer syntax, or format"] == {"RLE Lossless": (2, 1), "png": (1, 1)}
    assert found["rows × columns"] == {"10 × 8": (2, 2), "12 × 8": (1, 1)}
    assert found["bits stored"] == {"12": (3, 2)}
    assert list(found["year of the exam"].items()) == [("not stated", (1, 1)), ("2014", (1, 1)), ("2019", (1, 1))]
    # No image states these.
    assert not {"age at the exam", "whether a lesion is outlined", "decoder"} & set(found)
    by_status, noted = cohort.files(images)
    assert by_status.rows == [("accepted", "(none)", 3), ("excluded", "duplicate", 1)]
    assert sorted(noted.rows) == [("implant", 1), ("lossy", 1)]


def test_many_values_are_cut_off_and_said():
    rows = [
        {"image_id": f"{i}", "file_id": f"{i}", "status": "accepted", "device": f"d{min(i, 21)}", "patient_id": "p"}
        for i in range(25)
    ]
    (table,) = cohort.accepted(frame(tables.IMAGES, *rows))
    assert table.rows[0] == ("d21", 4, 1)
    assert len(table.rows) == 20
    assert table.notes == ("Further values: 2, with 2 images.",)


def test_labels_are_counted_by_exam_breast_image_and_person():
    label = {"exam_id": "e1", "label": "b", "density": "b", "status": "labelled"}
    labels = frame(
        tables.LABELS,
        label | {"level": "exam"},
        label | {"side": "L", "level": "breast"},
        {"exam_id": "e2", "status": "none", "reason": "not_stated", "level": "exam"},
    )
    image = {"exam_id": "e1", "group_id": "p1", "label": "b"}
    labelled = frame(
        tables.LABELLED_IMAGES,
        image | {"image_id": "1", "patient_id": "p1", "laterality": "L", "device": "Maker 1"},
        image | {"image_id": "2", "patient_id": "p1", "laterality": "L"},
        image | {"image_id": "3", "patient_id": "p2", "laterality": "R", "exam_id": "e3"},
    )
    by_class, by_device, by_status = cohort.labels(labels, labelled, TASK, source="reports")
    columns = (
        "labels of exams",
        "labels of breasts",
        "accepted images",
        "their breasts",
        "their exams",
        "their patients",
    )
    assert by_class.columns[1:] == columns
    found = cells(by_class)
    assert found["scattered fibroglandular (b)"] == (1, 1, 3, 2, 2, 1)
    assert found["extremely dense (d)"] == (0, 0, 0, 0, 0, 0)
    assert by_device.rows == [("not stated", 0, 2, 0, 0, 2), ("Maker 1", 0, 1, 0, 0, 1)]
    assert ("exam", "none", "not_stated", 1) in by_status.rows


@pytest.mark.parametrize("has_reports", [True, False])
def test_what_is_missing(has_reports):
    none = {"images_accepted": 0, "images_excluded": 0, "images_quarantined": 0, "included": False}
    status = {"report_status": "parsed", "label_status": "labelled"}
    exams = frame(
        tables.EXAMS,
        none | status | {"exam_id": "1", "images_accepted": 4, "included": True},
        none | status | {"exam_id": "2", "reason": "no_image"},
        none | status | {"exam_id": "3", "images_quarantined": 1, "reason": "no_accepted_image"},
        none | {"exam_id": "4", "images_accepted": 4, "report_status": "missing", "label_status": "missing"},
        none | status | {"exam_id": "5", "images_accepted": 4, "label_status": "ambiguous"},
    )
    lacking, *rest = cohort.missing(exams, make_download() if not has_reports else None, has_reports=has_reports)
    numbers = [number for _, number in lacking.rows]
    assert numbers == ([5, 1, 1, 1, 1, 1, 1] if has_reports else [5, 1, 1, 1, 1, 1])
    assert len(rest) == (1 if has_reports else 2)
    if not has_reports:
        assert [number for _, number in rest[0].rows] == [12, 10, 2, 1]


def test_duplicates_and_joined_patients():
    images = frame(
        tables.IMAGES,
        {"image_id": "1", "file_id": "1", "status": "accepted"},
        {"image_id": "1", "file_id": "2", "status": "excluded", "reason": "duplicate"},
    )
    assert [number for _, number in cohort.duplicates(images, make_groups()).rows] == [1, 3, 1, 2, 2]


def test_classes_that_are_too_small_are_named():
    manifest = make_manifest()
    classes = make_classes(manifest)
    (few, in_subsets) = cohort.too_small(classes, manifest, TASK, least=int(classes["n_patients"].min()))
    assert few.endswith("patients: none.")
    assert "in validation (" in in_subsets
    classes.loc[0, ["status", "kept_as", "n_patients"]] = ["dropped", "", 2]
    few, in_subsets = cohort.too_small(classes, manifest, TASK, least=6)
    assert few == "Classes with fewer than 6 patients: almost entirely fatty (a): 2 (dropped)."
    assert "fatty" not in in_subsets
    many = pd.concat([manifest.assign(patient_id=f"{i}" + manifest["patient_id"]) for i in range(20)])
    assert len(cohort.too_small(classes[classes["label"].isin(["c", "d"])], many, TASK, least=1)) == 1


@pytest.mark.workflow
def test_the_cohort_is_described_without_pngs_and_models(checkout, tmp_path):
    demo = {"demo": {"exams": 20, "class_mix": "equal"}, "shards": 1, "split": {"min_patients_per_class": 3}}
    write_config(tmp_path, demo)
    run(checkout, tmp_path, "cohort")
    reader = read((tmp_path / "results/report/cohort.html").read_text())
    assert "BI-RADS breast density: the cohort" in "".join(reader.text)
    made = {path.name for path in (tmp_path / "results").iterdir()}
    assert not {"png", "models", "matching", "embeddings", "predictions", "figures"} & made
