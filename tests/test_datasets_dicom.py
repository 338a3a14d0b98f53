"""VinDr-Mammo, RSNA 2023 and EMBED: what their tables say, what their headers say, and a small tree of each."""

import numpy as np
import pandas as pd
import pytest

from mammoflow import datasets, scanning, tables
from mammoflow.dicom.exclusions import Exclusions
from mammoflow.errors import UserError
from tests import trees
from tests.small_sets import KEEP, Opened, split_of


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def opened(tmp_path):
    return lambda kind, root: Opened(kind, root, tmp_path / "private")


@pytest.fixture
def scanned(tmp_path):
    """The rows of a data set's images by id, as the scan gives them."""

    def scan(found, exclusions=None):
        dataset = found.dataset
        scanner = scanning.Scanner(
            pseudonyms=KEEP,
            describe=datasets.describer(dataset, found.files),
            longest_side=2048,
            work=tmp_path / "work",
            code="c0de",
            exclusions=exclusions or Exclusions(datasets.admitted(dataset)),
        )
        images = next(path for path in (tmp_path / "images", tmp_path / "train_images") if path.is_dir())
        rows = [scanner.scan((relative, str(images / relative))) for relative in found.images]
        return scanning.merge(scanning.as_table(rows)).set_index("image_id")

    return scan


def edited(path, edit):
    """Change a table; `edit` gives the new one."""
    edit(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False)


# VinDr-Mammo


def test_vindr_mammo_is_described_by_its_tables(opened, scanned, tmp_path, rng):
    images = scanned(opened("vindr_mammo", trees.vindr_mammo(tmp_path, rng)))
    assert set(images["status"]) == {"accepted"}
    row = images.loc[trees.hashed("image 3 R MLO")]
    # No table and no header names a patient: the study is one.
    assert row["patient_id"] == row["exam_id"] == trees.hashed("study 3")
    assert (row["laterality"], row["view"], row["official"]) == ("R", "MLO", "development")
    # Device and age stand in the header, which says neither exam nor side nor view.
    assert (row["device"], row["age_band"], row["year"]) == ("Maker Model 1", "50-59", "")
    assert images.groupby("exam_id")["official"].nunique().max() == 1
    assert (images["official"] == "test").sum() == 4 * 4


def test_an_outline_of_vindr_mammo_is_a_finding_with_a_box(opened, tmp_path, rng):
    root = trees.vindr_mammo(tmp_path, rng)
    path = root / "finding_annotations.csv"
    boxed = trees.hashed("image 0 L CC")

    def edit(table):
        row = table.index[table["image_id"] == boxed][0]
        # A box around nothing is none.
        table.loc[row, ["xmin", "ymin", "xmax", "ymax"]] = "1"
        return table

    edited(path, edit)
    found, _ = opened("vindr_mammo", root).headers()
    with_box = {image for image, header in found.items() if header.roi == "yes"}
    assert with_box == {trees.hashed(f"image {number} R MLO") for number in (8, 9, 10, 11)}
    assert {header.roi for header in found.values()} == {"yes", "no"}


def test_findings_that_are_no_list_are_refused(opened, tmp_path, rng):
    root = trees.vindr_mammo(tmp_path, rng)
    edited(root / "finding_annotations.csv", lambda table: table.assign(finding_categories="Mass"))
    with pytest.raises(UserError, match=r"^finding_annotations\.csv: finding_categories is no list .*vindr_mammo\.md$"):
        opened("vindr_mammo", root).headers()


def test_density_of_vindr_mammo_is_of_breasts_and_may_be_missing(opened, tmp_path, rng):
    found = opened("vindr_mammo", trees.vindr_mammo(tmp_path, rng, densities=("A", "", "C"), count=3))
    labels = found.labels("density", "breast").set_index(["exam_id", "side"])
    assert len(labels) == 6
    said = {number: labels.loc[trees.hashed(f"study {number}")] for number in range(3)}
    assert [set(said[number]["label"]) for number in range(3)] == [{"a"}, {""}, {"c"}]
    assert set(said[1]["reason"]) == {"not_stated"}


def test_breasts_of_vindr_mammo_may_differ(opened, tmp_path, rng):
    root = trees.vindr_mammo(tmp_path, rng, count=2)
    left = trees.hashed("study 0")

    def edit(table):
        is_left = (table["study_id"] == left) & (table["laterality"] == "L")
        table.loc[is_left, "breast_density"] = "DENSITY B"
        return table

    edited(root / "breast-level_annotations.csv", edit)
    found = opened("vindr_mammo", root)
    breasts = found.labels("density", "breast").set_index(["exam_id", "side"])["label"]
    assert breasts.loc[left].to_dict() == {"L": "b", "R": "a"}
    exams = found.labels("density", "exam").set_index("exam_id")
    assert (exams.loc[left, "status"], exams.loc[left, "reason"]) == ("ambiguous", "sides_differ")
    assert found.labels("density", "exam", "denser").set_index("exam_id").loc[left, "label"] == "b"


def test_an_unknown_part_of_vindr_mammo_is_refused(opened, tmp_path, rng):
    root = trees.vindr_mammo(tmp_path, rng, count=1)
    edited(root / "breast-level_annotations.csv", lambda table: table.assign(split="train"))
    with pytest.raises(UserError, match=r"split is 'train' in some row; allowed: training, test; .*; read docs/"):
        opened("vindr_mammo", root).headers()


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"PresentationIntentType": "FOR PROCESSING"}, "for_processing"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary_capture"),
        ({"NumberOfFrames": 40}, "tomosynthesis"),
        ({"ImageType": ["DERIVED", "PRIMARY", "GENERATED_2D"]}, "synthetic_2d"),
        ({"BreastImplantPresent": "YES"}, "implant"),
        ({"BurnedInAnnotation": "YES"}, "burned_in"),
        # Of what it is of, the tables speak.
        ({"ViewPosition": "MLO", "PatientID": "other", "AccessionNumber": "other", "StudyDate": "20150317"}, ""),
    ],
)
def test_what_an_image_is_is_said_by_its_header_too(opened, scanned, tmp_path, rng, tags, reason):
    root = trees.vindr_mammo(tmp_path, rng, count=1)
    study, image = trees.hashed("study 0"), trees.hashed("image 0 L CC")
    trees.dicom("vindr_mammo", root / f"images/{study}/{image}.dicom", rng, **tags)
    row = scanned(opened("vindr_mammo", root)).loc[image]
    assert row["reason"] == reason
    assert row[["patient_id", "exam_id", "view", "year"]].tolist() == [study, study, "CC", ""]


# RSNA 2023


def test_rsna_is_described_by_train_csv_where_headers_are_stripped(opened, scanned, tmp_path, rng):
    rows = [trees.rsna_row(10_006, 462_822_612, "L", "CC"), trees.rsna_row(10_006, 1_459_541_791, "R", "MLO")]
    images = scanned(opened("rsna", trees.rsna(tmp_path, rng, rows)))
    # Neither a modality nor a class of image stands in the headers; that is no reason to leave all out.
    assert set(images["status"]) == {"accepted"}
    row = images.loc["1459541791"]
    assert (row["patient_id"], row["exam_id"], row["laterality"], row["view"]) == ("10006", "10006", "R", "MLO")
    assert (row["device"], row["age_band"], row["roi"], row["official"]) == ("site 2 machine 29", "60-69", "", "")


@pytest.mark.parametrize("view", ["AT", "LM", "ML", "LMO"])
def test_other_views_of_rsna_are_left_out(opened, scanned, tmp_path, rng, view):
    rows = [trees.rsna_row(1, 10, "L", "CC"), trees.rsna_row(1, 11, "L", "CC"), trees.rsna_row(1, 12, "L", view)]
    images = scanned(opened("rsna", trees.rsna(tmp_path, rng, rows)))
    assert images["status"].to_dict() == {"10": "accepted", "11": "accepted", "12": "excluded"}
    assert images.loc["12", "reason"] == "non_standard_view"


def test_implants_of_rsna_stand_in_its_table(opened, scanned, tmp_path, rng):
    rows = [trees.rsna_row(1, 10, implant=1), trees.rsna_row(2, 11, implant="1.0"), trees.rsna_row(3, 12)]
    found = opened("rsna", trees.rsna(tmp_path, rng, rows))
    images = scanned(found)
    assert images["reason"].to_dict() == {"10": "implant", "11": "implant", "12": ""}
    kept = scanned(found, Exclusions(keep_implants=True))
    assert kept["notes"].to_dict() == {"10": "implant", "11": "implant", "12": ""}
    assert set(kept["status"]) == {"accepted"}


def test_density_of_rsna_is_missing_for_many(opened, tmp_path, rng):
    rows = [trees.rsna_row(patient, 10 * patient + n, "LR"[n], density="B" * (patient % 2)) for patient in (1, 2, 3)
            for n in (0, 1)]  # fmt: skip
    labels = opened("rsna", trees.rsna(tmp_path, rng, rows)).labels("density", "exam").set_index("exam_id")
    assert labels["label"].to_dict() == {"1": "b", "2": "", "3": "b"}
    assert labels.loc["2", ["status", "reason"]].tolist() == ["none", "not_stated"]
    assert set(labels["side"]) == {""}


def test_rsna_without_a_biopsy_is_neither_normal_nor_benign(opened, tmp_path, rng):
    said = {"L": {"cancer": 1, "biopsy": 1}, "R": {"cancer": 0, "biopsy": 0}}
    rows = [trees.rsna_row(1, n, side, view, **said[side]) for n, (side, view) in enumerate(trees.SCREENING)]
    rows += [trees.rsna_row(2, 10, "L", cancer="0.0", biopsy="1.0")]
    labels = opened("rsna", trees.rsna(tmp_path, rng, rows)).labels("benign_malignant", "breast")
    by_breast = labels.set_index(["exam_id", "side"])
    assert by_breast["label"].to_dict() == {("1", "L"): "malignant", ("1", "R"): "", ("2", "L"): "benign"}
    assert by_breast.loc[("1", "R"), "reason"] == "not_stated"


def test_ids_that_a_program_wrote_as_floats_are_ids(opened, tmp_path, rng):
    rows = [trees.rsna_row(1, 10), trees.rsna_row(1, 11, "R")]
    root = trees.rsna(tmp_path, rng, rows)
    table = pd.read_csv(root / "train.csv")
    # A byte-order mark, names and cells with blanks, and ids as floats: what spreadsheets and scripts leave behind.
    floats = table.astype({"patient_id": float, "image_id": float}).rename(columns={"view": "view "})
    floats["laterality"] += " "
    floats.to_csv(root / "train.csv", index=False, encoding="utf-8-sig")
    found, refused = opened("rsna", root).headers()
    assert set(found) == {"10", "11"}
    assert not refused
    assert {header.patient for header in found.values()} == {"1"}


def test_a_side_that_the_header_contradicts_is_not_believed(opened, scanned, tmp_path, rng):
    root = trees.rsna(tmp_path, rng, [trees.rsna_row(1, 10, "L"), trees.rsna_row(1, 11, "R"), trees.rsna_row(2, 12)])
    for image in (10, 11):
        trees.dicom("rsna", root / f"train_images/1/{image}.dcm", rng, ImageLaterality="R")
    trees.dicom("rsna", root / "train_images/2/12.dcm", rng, Modality="CT")
    found = opened("rsna", root)
    reasons = scanned(found)["reason"].to_dict()
    # What a header does say, counts.
    assert reasons == {"10": "laterality_conflict", "11": "", "12": "wrong_modality"}


def test_files_and_rows_without_each_other(opened, scanned, tmp_path, rng):
    root = trees.rsna(tmp_path, rng, [trees.rsna_row(1, 10), trees.rsna_row(2, 11), trees.rsna_row(2, 12)])
    rows = [trees.rsna_row(1, 10), trees.rsna_row(1, 10), trees.rsna_row(2, 11, "L"), trees.rsna_row(2, 11, "R")]
    trees.table(root / "train.csv", trees.RSNA_COLUMNS, [*rows, trees.rsna_row(3, 13)])
    found = opened("rsna", root)
    assert found.listed() == {"10", "11", "13"}
    # A row that stands twice is one; rows that differ say nothing.
    assert sorted(scanned(found)["reason"]) == ["", "not_in_table", "not_in_table"]


# EMBED


def test_embed_is_described_by_the_metadata_table(opened, scanned, tmp_path, rng):
    images, findings = trees.embed_patients(count=4)
    found = scanned(opened("embed", trees.embed(tmp_path, rng, images, findings)))
    assert set(found["status"]) == {"accepted"}
    row = found.loc["1.2.2.3"]
    assert (row["patient_id"], row["exam_id"]) == ("10000002", "6177474846270022")
    said = row[["laterality", "view", "device", "roi", "official"]].tolist()
    assert said == ["R", "MLO", "Maker Model 1", "no", ""]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"FinalImageType": "cview"}, "synthetic_2d"),
        ({"FinalImageType": "C-view"}, "synthetic_2d"),
        ({"FinalImageType": "3D"}, "tomosynthesis"),
        ({"FinalImageType": "ROI_SSC"}, "secondary_capture"),
        ({"FinalImageType": "4D"}, "unknown_type"),
        ({"spot_mag": "1"}, "non_standard_view"),
        ({"spot_mag": "1.0"}, "non_standard_view"),
        ({"spot_mag": "0.0"}, ""),
        ({"view": "ML"}, "non_standard_view"),
        ({"view": ""}, "no_view"),
        ({"side": ""}, "no_laterality"),
        ({"side": "B"}, "no_laterality"),
        ({"empi_anon": ""}, "no_patient_id"),
        ({"acc_anon": ""}, "no_exam_id"),
    ],
)
def test_what_embed_says_that_an_image_is(opened, scanned, tmp_path, rng, said, reason):
    rows = [trees.embed_image(1, 2, "1.2.3", **said), trees.embed_image(1, 2, "1.2.4")]
    found = scanned(opened("embed", trees.embed(tmp_path, rng, rows, [trees.embed_finding(1, 2, 1)])))
    assert sorted(found["reason"]) == sorted(["", reason])


def test_synthetic_images_that_are_admitted_are_of_another_device(opened, scanned, tmp_path, rng):
    rows = [trees.embed_image(1, 2, "1.2.3", FinalImageType="cview"), trees.embed_image(1, 2, "1.2.4")]
    found = opened("embed", trees.embed(tmp_path, rng, rows, [trees.embed_finding(1, 2, 1)]))
    devices = scanned(found, Exclusions(frozenset({"synthetic_2d"})))["device"]
    assert devices.to_dict() == {"1.2.3": "Maker Model 1 SYNTHETIC", "1.2.4": "Maker Model 1"}


@pytest.mark.parametrize("column", ["num_roi", "num_ROI"])
def test_outlines_of_embed(opened, tmp_path, rng, column):
    said = {"none": "0", "float": "0.0", "one": "1", "two": "2.0", "unsaid": ""}
    rows = [trees.embed_image(1, 2, name, num_roi=count) for name, count in said.items()]
    root = trees.embed(tmp_path, rng, rows, [trees.embed_finding(1, 2, 1)])
    columns = [column if name == "num_roi" else name for name in trees.METADATA_COLUMNS]
    trees.table(root / "tables/EMBED_OpenData_metadata.csv", columns, rows)
    found, _ = opened("embed", root).headers()
    expected = {"none": "no", "float": "no", "one": "yes", "two": "yes", "unsaid": ""}
    assert {image: header.roi for image, header in found.items()} == expected


def test_density_of_embed_is_of_exams_whatever_the_side_of_the_finding(opened, tmp_path, rng):
    images = [trees.embed_image(1, exam, f"{exam}.{side}", side) for exam in range(10, 17) for side in "LR"]
    findings = [
        # A finding of one side, of both, of none that is named: the density is of the exam.
        trees.embed_finding(1, 10, "2.0", "R"),
        trees.embed_finding(1, 11, "3", "B"),
        *(trees.embed_finding(1, 12, "4.0", side, number=number) for number, side in enumerate(["L", "R", ""])),
        # A man's breast and an empty cell are no class.
        trees.embed_finding(1, 13, "5.0"),
        trees.embed_finding(1, 14, ""),
        trees.embed_finding(1, 15, "1", "L"),
        trees.embed_finding(1, 15, "2", "R"),
        trees.embed_finding(1, 16, "7"),
    ]
    found = opened("embed", trees.embed(tmp_path, rng, images, findings))
    labels = found.labels("density", "exam").set_index("exam_id")
    assert labels["label"].to_dict() == {
        "10": "b", "11": "c", "12": "d", "13": "", "14": "", "15": "", "16": ""
    }  # fmt: skip
    assert labels.loc["13":, "reason"].tolist() == ["not_stated", "not_stated", "contradiction", "out_of_range"]
    # Findings multiply no image.
    assert len(found.headers()[0]) == 14


@pytest.mark.parametrize(("folder", "size"), [("tables/", "_reduced"), ("", ""), ("", "_reduced")])
def test_the_tables_of_embed_by_their_other_names(opened, tmp_path, rng, folder, size):
    images, findings = trees.embed_patients(count=2)
    found = opened("embed", trees.embed(tmp_path, rng, images, findings, folder=folder, size=size))
    assert len(found.headers()[0]) == len(found.listed()) == 8
    assert found.labels("density", "exam")["label"].tolist() == ["a", "b"]


# All of them


@pytest.mark.parametrize(
    ("kind", "name", "column"),
    [
        ("vindr_mammo", "breast-level_annotations.csv", "view_position"),
        ("vindr_mammo", "finding_annotations.csv", "xmax"),
        ("rsna", "train.csv", "implant"),
        ("embed", "tables/EMBED_OpenData_metadata.csv", "FinalImageType"),
    ],
)
def test_a_table_without_a_column_is_answered_in_one_line(opened, tmp_path, rng, kind, name, column):
    root = tree_of(kind, tmp_path, rng)
    edited(root / name, lambda table: table.drop(columns=column))
    with pytest.raises(UserError) as said:
        opened(kind, root).headers()
    file = name.rpartition("/")[2]
    page = f"docs/data-sets/{kind}.md"
    assert str(said.value) == f"{file} has no column {column!r}; get it again; read {page}"


@pytest.mark.parametrize("content", [b"", b"\0\1\2\xff\xfe" * 50, b'study_id,"split\n' + b"x" * 100])
def test_what_is_no_table_is_answered_in_one_line(opened, tmp_path, rng, content):
    root = trees.vindr_mammo(tmp_path, rng, count=1)
    (root / "breast-level_annotations.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"^breast-level_annotations\.csv [^\n]*; read docs/data-sets/vindr_mammo\.md$"):
        opened("vindr_mammo", root).headers()


def tree_of(kind, root, rng):
    """A tree of twelve patients of this data set, whose densities take turns."""
    if kind == "vindr_mammo":
        return trees.vindr_mammo(root, rng)
    if kind == "rsna":
        return trees.rsna(root, rng, trees.rsna_patients())
    return trees.embed(root, rng, *trees.embed_patients())


@pytest.mark.workflow
@pytest.mark.parametrize("kind", ["vindr_mammo", "rsna", "embed"])
def test_a_small_tree_runs_to_the_split(snakemake_run, tmp_path, rng, kind):
    root = tree_of(kind, tmp_path / "set", rng)
    images, labels, manifest = split_of(snakemake_run, tmp_path, kind, root)
    assert set(images["status"]) == {"accepted"}
    assert len(images) == len(manifest) == 48
    assert set(labels["label"]) == set("abcd")
    download = tables.read(tmp_path / "results/images/download.tsv", tables.DOWNLOAD).set_index("what")["n_images"]
    assert download.to_dict() == {"found": 48, "listed": 48, "missing": 0, "unlisted": 0}
    if kind == "vindr_mammo":
        official = images.set_index("image_id")["official"].reindex(manifest["image_id"])
        assert manifest["held_out"].tolist() == official.tolist()
