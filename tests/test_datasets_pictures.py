"""CDD-CESM, mini-MIAS and DMID: what their names and tables say, and a small tree of each through the workflow."""

import re
import shutil

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mammoflow import caveats, datasets, downloads, layouts
from mammoflow.datasets import cdd_cesm, dmid
from mammoflow.dicom.refusals import Refused
from mammoflow.errors import UserError
from tests import small_sets
from tests.conftest import REPO
from tests.small_sets import Opened, split_of

LOW = {"variant": "low_energy"}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def opened(tmp_path):
    return lambda kind, root, **settings: Opened(kind, root, tmp_path / "private", **settings)


# CDD-CESM


def test_cdd_cesm_takes_patient_side_and_view_from_names_and_the_rest_from_the_workbook(opened, tmp_path, rng):
    found, refused = opened("cdd_cesm", small_sets.cdd_cesm(tmp_path, rng, count=3), **LOW).headers()
    assert len(found) == 12
    assert not refused
    header = found["P1_L_DM_MLO"]
    assert (header.patient, header.exam, header.laterality, header.view) == ("P1", "P1", "L", "MLO")
    # Of a cell that holds several findings, and of names with blanks, nothing goes wrong.
    assert (header.age_band, header.device, header.roi, header.official) == ("40-49", "machine 2", "", "")
    assert found["P2_R_DM_CC"].device == "machine 1"


@pytest.mark.parametrize(("variant", "kind"), [("low_energy", "DM"), ("subtracted", "CM")])
def test_cdd_cesm_lists_the_images_of_the_variant(opened, tmp_path, rng, variant, kind):
    names = {f"P{n}_{side}_{kind}_{view}" for n in (1, 2) for side in "LR" for view in ("CC", "MLO")}
    found = opened("cdd_cesm", small_sets.cdd_cesm(tmp_path, rng, count=2), variant=variant)
    assert found.listed() == names == set(found.headers()[0])


def test_an_image_with_any_region_has_an_outline(opened, tmp_path, rng):
    root = small_sets.cdd_cesm(tmp_path, rng, count=3)
    small_sets.segmentations(root, "P1_L_CM_CC.jpg", "P1_L_DM_CC.jpg", "P2_R_DM_MLO .jpg", "P1_L_DM_CC.jpg")
    found, _ = opened("cdd_cesm", root, **LOW).headers()
    assert {image for image, header in found.items() if header.roi == "yes"} == {"P1_L_DM_CC", "P2_R_DM_MLO"}
    assert {header.roi for header in found.values()} == {"yes", "no"}


def test_an_odd_name_in_cdd_cesm_is_refused():
    assert cdd_cesm.describe("more/P3_L_CM_CC .jpg").image == "P3_L_CM_CC"
    for name in ("P3_L_CC.jpg", "P3_L_XX_CC.jpg", "P3_B_DM_CC.jpg", "copy of P3_L_DM_CC.jpg"):
        with pytest.raises(Refused, match="unknown_name"):
            cdd_cesm.describe(name)


def test_density_of_a_breast_stands_in_the_rows_of_its_low_energy_images(opened, tmp_path, rng):
    root = small_sets.cdd_cesm(tmp_path, rng, density="C_B", count=3)
    labels = opened("cdd_cesm", root, **LOW).labels("density", "breast").set_index(["exam_id", "side"])
    assert labels["label"].to_dict() == {
        (f"P{n}", side): said for n, said in ((1, ""), (2, "b"), (3, "c")) for side in "LR"
    }
    assert set(labels.loc["P1", "reason"]) == {"not_stated"}
    assert labels["density"].equals(labels["label"])


def test_density_is_read_where_a_copy_calls_it_acr(opened, tmp_path, rng):
    columns = ["ACR" if name == "Breast density (ACR)" else name for name in small_sets.CDD_COLUMNS]
    root = small_sets.cdd_cesm(tmp_path, rng, columns=columns, count=3)
    assert set(opened("cdd_cesm", root, **LOW).labels("density", "breast")["label"]) == {"b", "c", "d"}


def test_the_gravest_pathology_of_a_breast_counts(opened, tmp_path, rng):
    root = small_sets.cdd_cesm(tmp_path, rng, count=3)
    path = root / "Radiology-manual-annotations.xlsx"
    book = openpyxl.load_workbook(path)
    # The subtracted images of a benign calcification show nothing.
    for row in book.active.iter_rows(min_row=2):
        if row[1].value == 1 and row[3].value == "CESM":
            row[11].value = "Normal"
    book.save(path)
    labels = opened("cdd_cesm", root, **LOW).labels("benign_malignant", "breast").set_index(["exam_id", "side"])
    assert labels["label"].to_dict() == {
        (f"P{n}", side): said for n, said in ((1, "benign"), (2, "malignant"), (3, "")) for side in "LR"
    }
    assert labels.loc["P3", ["status", "reason"]].drop_duplicates().to_numpy().tolist() == [["none", "not_in_task"]]
    assert set(labels["density"]) == {""}


def test_a_workbook_without_a_column_is_answered_with_the_page(opened, tmp_path, rng):
    columns = ["Tissue" if name == "Breast density (ACR)" else name for name in small_sets.CDD_COLUMNS]
    found = opened("cdd_cesm", small_sets.cdd_cesm(tmp_path, rng, columns=columns, count=2), **LOW)
    said = "Radiology-manual-annotations.xlsx has no column 'Breast density (ACR)' or 'ACR'"
    for step in (found.headers, found.listed, lambda: found.labels("density", "breast")):
        with pytest.raises(UserError, match=f"^{re.escape(said)}; read docs/data-sets/cdd_cesm.md$"):
            step()
    (tmp_path / "Radiology-manual-annotations.xlsx").write_text("<html>Page not found</html>")
    with pytest.raises(UserError, match=r"^Radiology-manual-annotations\.xlsx is no XLSX .*; read docs/data-sets/cdd"):
        found.listed()


@pytest.mark.workflow
def test_a_small_cdd_cesm_is_split(snakemake_run, tmp_path, rng):
    root = small_sets.cdd_cesm(tmp_path / "root", rng)
    small_sets.segmentations(root, "P1_L_DM_CC.jpg")
    images, labels, manifest = split_of(snakemake_run, tmp_path, "cdd_cesm", root, dataset=LOW)
    assert images["status"].value_counts().to_dict() == {"accepted": 36}
    assert (images["roi"] == "yes").sum() == 1
    assert labels["label"].value_counts().to_dict() == dict.fromkeys("bcd", 6)
    assert manifest["label"].value_counts().to_dict() == dict.fromkeys("bcd", 12)


def by_hand(path):
    """Pathology of each breast of the real workbook, told by reading it otherwise."""
    rows = pd.read_excel(path, sheet_name="all", dtype=str, keep_default_na=False).map(str.strip)
    said = rows.groupby(["Patient_ID", "Side"])["Pathology Classification/ Follow up"].agg(set)
    grave = said.map(lambda one: "malignant" if "Malignant" in one else "benign" if "Benign" in one else "normal")
    return grave.reset_index(name="value"), rows


@pytest.mark.workflow
def test_pathology_of_the_real_images_is_split(snakemake_run, tmp_path, mammoflow_data):
    root = mammoflow_data / "cdd_cesm"
    _, labels, manifest = split_of(
        snakemake_run,
        tmp_path,
        "cdd_cesm",
        root,
        task="benign_malignant",
        dataset={"variant": "subtracted", "partial": True},
        privacy={"ids": "keep"},
    )
    breasts, rows = by_hand(root / "Radiology-manual-annotations.xlsx")
    counts = breasts["value"].value_counts()
    assert counts.to_dict() == {"benign": 194, "normal": 189, "malignant": 183}
    assert labels["label"].value_counts().to_dict() == {"": 189, "benign": 194, "malignant": 183}
    normal = labels[labels["label"] == ""]
    assert normal[["status", "reason"]].drop_duplicates().to_numpy().tolist() == [["none", "not_in_task"]]
    said = {(f"P{row.Patient_ID}", row.Side): row.value for row in breasts.itertuples()}
    assert {(row.exam_id, row.side) for row in normal.itertuples()} == {key for key in said if said[key] == "normal"}
    # An image has the pathology of its breast.
    names = {path.stem for path in root.glob("Subtracted*/*.png")}
    own = rows[rows["Image_name"].isin(names)].drop_duplicates("Image_name")
    expected = {
        row.Image_name: value for row in own.itertuples() if (value := said[f"P{row.Patient_ID}", row.Side]) != "normal"
    }
    assert dict(zip(manifest["image_id"], manifest["label"], strict=True)) == expected


# mini-MIAS


def test_films_of_mini_mias_are_pairs_of_one_woman(opened, tmp_path, rng):
    found, refused = opened("mini_mias", small_sets.mini_mias(tmp_path, rng, pairs=3)).headers()
    assert not refused
    told = {image: (header.patient, header.exam, header.laterality, header.view) for image, header in found.items()}
    # The data set says: left are the films of even numbers.
    assert told["mdb001"] == ("mdb001", "mdb001", "R", "MLO")
    assert told["mdb002"] == ("mdb001", "mdb001", "L", "MLO")
    assert told["mdb003"][0] == told["mdb004"][0] == "mdb003"
    assert len({header.patient for header in found.values()}) == 3
    # A circle is drawn around an abnormality that is at one place.
    assert [image for image, header in found.items() if header.roi == "yes"] == ["mdb004"]


def test_odd_films_of_mini_mias(opened, tmp_path, rng):
    root = small_sets.mini_mias(tmp_path, rng, pairs=2)
    (root / "mdb002.pgm").rename(root / "MDB002.PGM")
    small_sets.picture(root / "mdb099.pgm", rng)
    small_sets.picture(root / "mask.pgm", rng)
    found = opened("mini_mias", root)
    assert found.headers()[1] == {"mdb099.pgm": "not_in_table", "mask.pgm": "unknown_name"}
    assert found.listed() == set(found.headers()[0]) == {f"mdb00{n}" for n in (1, 2, 3, 4)}


def test_tissue_and_pathology_of_films(opened, tmp_path, rng):
    found = opened("mini_mias", small_sets.mini_mias(tmp_path, rng, pairs=3))
    tissue = found.labels("tissue", "image").set_index("image_id")["label"].to_dict()
    assert tissue == {
        "mdb001": "glandular", "mdb002": "glandular", "mdb003": "dense", "mdb004": "dense", "mdb005": "fatty",
        "mdb006": "fatty",
    }  # fmt: skip
    graded = found.labels("benign_malignant", "image").set_index("image_id")
    # Of two abnormalities of a film one is malignant; one that is everywhere has a note in place of its circle.
    assert graded["label"].to_dict() == {
        "mdb001": "", "mdb002": "", "mdb003": "", "mdb004": "malignant", "mdb005": "", "mdb006": "benign",
    }  # fmt: skip
    assert set(graded.loc[graded["label"] == "", "reason"]) == {"not_in_task"}


def test_a_list_without_films_is_answered_with_the_page(opened, tmp_path, rng):
    found = opened("mini_mias", small_sets.mini_mias(tmp_path, rng, pairs=2))
    (tmp_path / "Info.txt").write_text("<html>Not found</html>")
    with pytest.raises(UserError, match=r"^Info\.txt has no line about a film, .*; read docs/data-sets/mini_mias\.md$"):
        found.listed()


@pytest.mark.workflow
def test_a_small_mini_mias_is_split(snakemake_run, tmp_path, rng):
    root = small_sets.mini_mias(tmp_path / "root", rng)
    images, _, manifest = split_of(snakemake_run, tmp_path, "mini_mias", root)
    assert images["status"].value_counts().to_dict() == {"accepted": 18}
    assert set(images["transfer_syntax"]) == {"pgm"}
    assert manifest["label"].value_counts().to_dict() == {"fatty": 6, "glandular": 6, "dense": 6}


# DMID


def test_an_image_of_dmid_is_an_exam_and_a_patient(opened, tmp_path, rng):
    root = small_sets.dmid(tmp_path, rng, count=4)
    small_sets.picture(root / "TIFF Images/IMG900.tif", rng)
    small_sets.picture(root / "TIFF Images/mask.tif", rng)
    path = root / "Metadata.xlsx"
    book = openpyxl.load_workbook(path)
    book.active.append(["IMG901", "XCCLT", "F", "NORM", "N"])
    book.save(path)
    small_sets.picture(root / "TIFF Images/IMG901.tif", rng)
    found = opened("dmid", root)
    headers, refused = found.headers()
    assert refused == {
        "IMG900.tif": "not_in_table",
        "IMG901.tif": "non_standard_view",
        "mask.tif": "unknown_name",
    }
    told = {image: (one.patient, one.exam, one.laterality, one.view, one.roi) for image, one in headers.items()}
    assert told == {
        "IMG001": ("IMG001", "IMG001", "R", "CC", "yes"),
        "IMG002": ("IMG002", "IMG002", "L", "MLO", "no"),
        "IMG003": ("IMG003", "IMG003", "R", "MLO", "yes"),
        "IMG004": ("IMG004", "IMG004", "L", "CC", "no"),
    }
    assert found.listed() == set(headers)


def test_reports_of_dmid_meet_their_images():
    assert dmid.exam_of_report("Img001.txt") == dmid.exam_of_report("more/IMG001 .tif") == "IMG001"
    assert dmid.exam_of_report("notes.txt") == dmid.exam_of_report("Img001 copy.txt") == ""
    assert datasets.report_namer("dmid") is dmid.exam_of_report


def test_pages_of_dmid_say_that_its_patients_are_not_known():
    config = {"weights": "pretrained", "dataset": {"kind": "dmid"}, "split": {"unit": "patient"}}
    assert any("DMID does not say who its patients are" in said for said in caveats.full(config))


def test_tissue_and_pathology_of_dmid(opened, tmp_path, rng):
    found = opened("dmid", small_sets.dmid(tmp_path, rng, count=3))
    tissue = found.labels("tissue", "image").set_index("image_id")["label"].to_dict()
    assert tissue == {"IMG001": "glandular", "IMG002": "dense", "IMG003": "fatty"}
    graded = found.labels("benign_malignant", "image").set_index("image_id")["label"].to_dict()
    assert graded == {"IMG001": "malignant", "IMG002": "", "IMG003": "malignant"}


def test_another_workbook_of_dmid_is_answered_with_the_page(opened, tmp_path, rng):
    found = opened("dmid", small_sets.dmid(tmp_path, rng, count=3))
    small_sets.workbook(tmp_path / "Metadata.xlsx", [["Image", "Density"], ["1", "A"]])
    with pytest.raises(
        UserError, match=r"^Metadata\.xlsx has no line about an image, .*; read docs/data-sets/dmid\.md$"
    ):
        found.listed()


@pytest.mark.workflow
def test_a_small_dmid_is_split_by_what_its_reports_state(snakemake_run, tmp_path, rng):
    root = small_sets.dmid(tmp_path / "root", rng)
    images, labels, manifest = split_of(snakemake_run, tmp_path, "dmid", root)
    assert images["status"].value_counts().to_dict() == {"accepted": 12}
    assert labels["label"].value_counts().to_dict() == dict.fromkeys("abcd", 3)
    assert manifest["label"].value_counts().to_dict() == dict.fromkeys("abcd", 3)
    # There is nothing that its reports' density could be held against.
    mine = tmp_path / "mine.yaml"
    done = snakemake_run(tmp_path, "results/labels/audit.tsv", "-n", "--configfile", REPO / "config/dmid.yaml", mine)
    assert "MissingRuleException" in done.stdout


# All of them


@pytest.mark.parametrize(
    ("kind", "gone", "image"),
    [
        ("cdd_cesm", "Low energy images of CDD-CESM/P2_L_DM_CC.jpg", "P2_L_DM_CC"),
        ("mini_mias", "mdb003.pgm", "mdb003"),
        ("dmid", "TIFF Images/IMG002.tif", "IMG002"),
        ("inbreast", f"AllDICOMs/20586908_{0:016x}_MG_R_CC_ANON.dcm", "20586908"),
        ("cbis_ddsm", "CBIS-DDSM/Mass-Training_P_00002_LEFT_CC", "Mass-Training_P_00002_LEFT_CC"),
    ],
)
def test_an_image_that_is_not_there_is_named_with_the_page(opened, tmp_path, rng, kind, gone, image):
    settings = LOW if kind == "cdd_cesm" else {}
    root = getattr(small_sets, kind)(tmp_path / "root", rng)
    path = root / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    found = opened(kind, root, **settings)
    images = datasets.found(found.dataset, found.files, found.images)
    with pytest.raises(UserError) as said:
        downloads.check_complete(found.listed(), images, files=["x"], page=layouts.page(kind))
    assert f"the first is {image!r}" in str(said.value)
    assert str(said.value).startswith("1 of ")
    assert str(said.value).endswith(f"read docs/data-sets/{kind}.md")
    assert (REPO / layouts.page(kind)).is_file()


@pytest.mark.parametrize(("kind", "missing"), [("mini_mias", "Info.txt"), ("dmid", "Metadata.xlsx")])
def test_a_table_that_is_not_there_is_named_with_the_page(opened, tmp_path, rng, kind, missing):
    root = getattr(small_sets, kind)(tmp_path / "root", rng)
    (root / missing).unlink()
    with pytest.raises(UserError, match=rf"has no file '{missing}'.*; read docs/data-sets/{kind}\.md$"):
        opened(kind, root)
