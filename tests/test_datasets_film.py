"""INbreast and CBIS-DDSM: what their names and tables say, and a small tree of each through the workflow."""

import numpy as np
import pytest

from mammoflow.errors import UserError
from tests import small_sets
from tests.small_sets import Opened, cbis_row, split_of


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def opened(tmp_path):
    return lambda kind, root: Opened(kind, root, tmp_path / "private")


# INbreast


def test_inbreast_takes_patient_and_side_from_names_and_the_rest_from_the_table(opened, tmp_path, rng):
    found = opened("inbreast", small_sets.inbreast(tmp_path, rng, count=2))
    headers, refused = found.headers()
    assert not refused
    told = {image: (one.patient, one.exam, one.laterality, one.view, one.roi) for image, one in headers.items()}
    first, second = f"{0:016x}", f"{1:016x}"
    assert told["20586908"] == (first, f"{first}_201001", "R", "CC", "yes")
    # What names call ML is MLO.
    assert told["20586910"] == (first, f"{first}_201001", "R", "MLO", "no")
    assert told["20587011"] == (second, f"{second}_201001", "L", "MLO", "no")
    assert {one.year for one in headers.values()} == {"2010"}
    # Numbers with a point, and the legend in the last rows.
    assert found.listed() == set(headers)


def test_density_of_inbreast_by_image_breast_and_exam(opened, tmp_path, rng):
    found = opened("inbreast", small_sets.inbreast(tmp_path, rng, count=4))
    by_image = found.labels("density", "image").set_index("image_id")["label"]
    assert by_image.value_counts().to_dict() == dict.fromkeys("abcd", 4)
    assert by_image["20587008"] == "b"
    assert len(found.labels("density", "breast")) == 8
    exams = found.labels("density", "exam").set_index("exam_id")["label"]
    assert exams.to_dict() == {f"{patient:016x}_201001": "abcd"[patient] for patient in range(4)}


def test_two_dates_of_inbreast_are_two_exams_of_a_patient(opened, tmp_path, rng):
    root = small_sets.inbreast(tmp_path, rng, count=1)
    said = (root / "INbreast.csv").read_text()
    (root / "INbreast.csv").write_text(said.replace("201001;20586908.0", "201102;20586908.0"))
    headers, _ = opened("inbreast", root).headers()
    assert len({one.exam for one in headers.values()}) == 2
    assert len({one.patient for one in headers.values()}) == 1


def test_odd_files_of_inbreast(opened, tmp_path, rng):
    root = small_sets.inbreast(tmp_path, rng, count=1)
    images = root / "AllDICOMs"
    for name in ("999_0_MG_R_CC_ANON.dcm", "mask.dcm"):
        small_sets.dicom(images / name, rng)
    (images / f"20586911_{0:016x}_MG_L_ML_ANON.dcm").rename(images / f"20586911_{0:016x}_MG_L_FB_ANON.dcm")
    said = (root / "INbreast.csv").read_text()
    (root / "INbreast.csv").write_text(said.replace(";1;", ";;", 1).replace(";1;", ";7;", 1))
    found = opened("inbreast", root)
    headers, refused = found.headers()
    assert refused == {"999_0_MG_R_CC_ANON.dcm": "not_in_table", "mask.dcm": "unknown_name"}
    # Other views are there, and left out by the scan.
    assert [image for image, one in headers.items() if one.view == "other"] == ["20586911"]
    assert found.listed() == set(headers)
    reasons = found.labels("density", "image").set_index("image_id")["reason"]
    assert reasons["20586908"] == "not_stated"
    assert reasons["20586909"] == "out_of_range"


def test_without_the_outlines_of_inbreast_nothing_is_said_of_them(opened, tmp_path, rng):
    root = small_sets.inbreast(tmp_path, rng, count=1)
    (root / "AllXML").rename(root / "AllROI")
    assert {one.roi for one in opened("inbreast", root).headers()[0].values()} == {""}


def test_inbreast_without_its_table_or_a_column_of_it_is_answered_with_the_page(opened, tmp_path, rng):
    root = small_sets.inbreast(tmp_path, rng, count=1)
    said = (root / "INbreast.csv").read_text()
    (root / "INbreast.csv").write_text(said.replace(";ACR;", ";Density;"))
    with pytest.raises(UserError, match=r"^INbreast\.csv has no column 'ACR'; read docs/data-sets/inbreast\.md$"):
        opened("inbreast", root).listed()
    (root / "INbreast.csv").write_text(said.replace(";2058", ";x2058"))
    with pytest.raises(UserError, match=r"^INbreast\.csv lists no image; .*; read docs/data-sets/inbreast\.md$"):
        opened("inbreast", root).listed()
    (root / "INbreast.csv").rename(root / "INbreast.xls")
    with pytest.raises(UserError, match=r"has no file 'INbreast.csv' or .*; read docs/data-sets/inbreast\.md$"):
        opened("inbreast", root)


@pytest.mark.workflow
def test_a_small_inbreast_is_split(snakemake_run, tmp_path, rng):
    images, labels, manifest = split_of(
        snakemake_run, tmp_path, "inbreast", small_sets.inbreast(tmp_path / "root", rng)
    )
    assert images["status"].value_counts().to_dict() == {"accepted": 48}
    assert set(images["view"]) == {"CC", "MLO"}
    assert (images["roi"] == "yes").sum() == 12
    assert labels["label"].value_counts().to_dict() == dict.fromkeys("abcd", 12)
    assert manifest["label"].value_counts().to_dict() == dict.fromkeys("abcd", 12)


# CBIS-DDSM


def test_a_mammogram_of_cbis_ddsm_is_described_by_its_folder(opened, tmp_path, rng):
    found = opened("cbis_ddsm", small_sets.cbis_ddsm(tmp_path, rng, count=3))
    headers, refused = found.headers()
    told = {image: (one.patient, one.exam, one.laterality, one.view, one.official) for image, one in headers.items()}
    assert told["Mass-Training_P_00002_LEFT_MLO"] == ("P_00002", "P_00002", "L", "MLO", "development")
    assert told["Mass-Test_P_00003_LEFT_CC"] == ("P_00003", "P_00003", "L", "CC", "test")
    # A patient of both parts.
    assert {told[f"{part}_P_00001_LEFT_CC"][4] for part in ("Mass-Training", "Calc-Test")} == {"development", "test"}
    assert {one.roi for one in headers.values()} == {"yes"}
    # Crops and masks are no mammograms, wherever the tables say that they lie.
    assert len(headers) == 8
    assert set(refused.values()) == {"lesion_image"}
    assert len(refused) == 16
    assert found.listed() == set(headers)


def test_swapped_paths_of_crop_and_mask_make_no_difference(opened, tmp_path, rng):
    root = small_sets.cbis_ddsm(tmp_path, rng, count=2)
    rows = {
        ("mass", "train"): [
            row
            for patient in (1, 2)
            for view in ("CC", "MLO")
            for row in [cbis_row("mass", "train", f"P_{patient:05d}", "LEFT", view, density=str(patient))]
        ]
    }
    small_sets.cbis_tables(root, rows)
    as_they_are = opened("cbis_ddsm", root)
    before = as_they_are.listed(), as_they_are.labels("density", "image")
    for row in rows["mass", "train"]:
        row[-2:] = row[:-3:-1]
    small_sets.cbis_tables(root, rows)
    swapped = opened("cbis_ddsm", root)
    assert swapped.listed() == before[0]
    assert swapped.labels("density", "image").equals(before[1])
    assert set(before[1]["label"]) == {"a", "b"}


def test_density_0_is_no_class_and_an_image_of_many_rows_has_one_label(opened, tmp_path):
    many = [cbis_row("calc", "test", "P_00001", "RIGHT", "CC", number=number, density="3") for number in (1, 2, 3)]
    differ = [
        cbis_row("mass", "train", "P_00003", "LEFT", "CC", number=number, density=str(number)) for number in (1, 2)
    ]
    absent = [cbis_row("mass", "train", "P_00002", "LEFT", "CC", density="0")]
    (tmp_path / "CBIS-DDSM").mkdir()
    (tmp_path / "CBIS-DDSM/1.dcm").write_bytes(b"")
    small_sets.cbis_tables(tmp_path, {("calc", "test"): many, ("mass", "train"): [*differ, *absent]})
    labels = opened("cbis_ddsm", tmp_path).labels("density", "image").set_index("image_id")
    assert labels[["label", "status", "reason"]].to_numpy().tolist() == [
        ["c", "labelled", ""],
        ["", "none", "not_stated"],
        ["", "ambiguous", "contradiction"],
    ]
    assert labels.index.tolist() == [
        "Calc-Test_P_00001_RIGHT_CC",
        "Mass-Training_P_00002_LEFT_CC",
        "Mass-Training_P_00003_LEFT_CC",
    ]


def test_the_gravest_abnormality_of_a_breast_counts(opened, tmp_path):
    rows = {
        ("mass", "train"): [
            cbis_row("mass", "train", "P_00001", "LEFT", "CC", pathology="BENIGN_WITHOUT_CALLBACK"),
            cbis_row("mass", "train", "P_00001", "RIGHT", "CC", pathology="BENIGN_WITHOUT_CALLBACK"),
        ],
        ("calc", "test"): [cbis_row("calc", "test", "P_00001", "LEFT", "MLO", pathology="MALIGNANT")],
    }
    (tmp_path / "CBIS-DDSM").mkdir()
    (tmp_path / "CBIS-DDSM/1.dcm").write_bytes(b"")
    small_sets.cbis_tables(tmp_path, rows)
    labels = opened("cbis_ddsm", tmp_path).labels("benign_malignant", "breast").set_index(["exam_id", "side"])
    assert labels["label"].to_dict() == {("P_00001", "L"): "malignant", ("P_00001", "R"): "benign"}


def test_cbis_ddsm_without_a_table_is_answered_with_the_page(opened, tmp_path, rng):
    root = small_sets.cbis_ddsm(tmp_path, rng, count=1)
    (root / "calc_case_description_test_set.csv").unlink()
    with pytest.raises(
        UserError, match=r"no file 'calc_case_description_test_set.csv'; read docs/data-sets/cbis_ddsm\.md$"
    ):
        opened("cbis_ddsm", root)


@pytest.mark.workflow
def test_a_small_cbis_ddsm_keeps_its_own_test_set_and_regroups_it(snakemake_run, tmp_path, rng):
    root = small_sets.cbis_ddsm(tmp_path / "root", rng, count=24)
    images, labels, manifest = split_of(snakemake_run, tmp_path, "cbis_ddsm", root, privacy={"ids": "keep"})
    accounts = images.groupby(["status", "reason"]).size().to_dict()
    # Scans of film are what this set is made of.
    assert accounts == {("accepted", ""): 50, ("excluded", "lesion_image"): 100}
    assert set(labels["label"]) == set("abcd")
    held_out = manifest.set_index("image_id")["held_out"]
    assert held_out["Mass-Training_P_00001_LEFT_CC"] == held_out["Calc-Test_P_00001_LEFT_CC"] == "test"
    assert held_out["Mass-Training_P_00002_LEFT_CC"] == "development"
    assert held_out["Mass-Test_P_00003_LEFT_CC"] == "test"
