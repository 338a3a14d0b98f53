"""Small trees in exactly the layouts of public data sets, odd values included, and what the workflow makes of them."""

import csv

import numpy as np
import openpyxl
import pydicom
import yaml
from PIL import Image

from mammoflow import datasets, inputs, layouts, tables, tasks
from mammoflow.dicom.refusals import Refused
from mammoflow.privacy import Pseudonyms
from tests.conftest import REPO
from tests.test_scanning import mammogram

KEEP = Pseudonyms(bytes(32), "test", "keep")
# What folders call the parts of the official split.
PARTS = {"train": "Training", "test": "Test"}


def breast(rng):
    """8-bit pixels of a film: no two the same."""
    pixels = np.zeros((96, 80), np.uint8)
    pixels[10:86, :60] = rng.integers(60, 200, (76, 60))
    return pixels


def picture(path, rng):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(breast(rng)).save(path)


def dicom(path, rng, **tags):
    """A DICOM file whose header knows less of patient, exam, side and view than it should."""
    dataset, _ = mammogram(rng)
    for absent in ("PatientID", "AccessionNumber", "ImageLaterality", "ViewPosition", "PatientAge", "StudyDate"):
        delattr(dataset, absent)
    for tag, value in tags.items():
        setattr(dataset, tag, value)
    if "SOPClassUID" in tags:
        dataset.file_meta.MediaStorageSOPClassUID = tags["SOPClassUID"]
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)


def table(path, columns, rows, *, separator=","):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=separator).writerows([columns, *rows])


def workbook(path, rows, sheet="all"):
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(path)


CDD_COLUMNS = [
    "Image_name", "Patient_ID", "Side", "Type", "Age", "Breast density (ACR)", "BIRADS", "Findings", "View", "Tags",
    "Machine", "Pathology Classification/ Follow up",
]  # fmt: skip
CDD_FOLDERS = {"DM": "Low energy images of CDD-CESM", "CM": "Subtracted images of CDD-CESM"}


def cdd_cesm(root, rng, *, density="BCD", pathology=("Normal", "Benign", "Malignant"), count=9, columns=CDD_COLUMNS):
    """`count` patients, who take the values in turn; both sides, views and variants."""
    rows = []
    for patient in range(1, count + 1):
        place = patient % 3
        for side in "LR":
            for view in ("CC", "MLO"):
                for kind, type_ in (("DM", "DM"), ("CM", "CESM")):
                    name = f"P{patient}_{side}_{kind}_{view}"
                    picture(root / CDD_FOLDERS[kind] / f"{name}.jpg", rng)
                    # Stray blanks, several findings in a cell, and density in the rows of low-energy images only.
                    said = density[place] if kind == "DM" else "_"
                    row = [f" {name} ", patient, side, type_, 40 + patient, said, "4$2", "Mass$Calcification", view]
                    rows.append([*row, "benign, mass", 1 + patient % 2, pathology[place]])
    workbook(root / "Radiology-manual-annotations.xlsx", [columns, *rows])
    return root


def segmentations(root, *names):
    """CDD-CESM's outlines: a row a region, of these images."""
    columns = ["#filename", "file_size", "region_count", "region_shape_attributes"]
    shapes = ['{"name":"polygon","all_points_x":[1,2],"all_points_y":[1,2]}', '{"name":"point","cx":1,"cy":2}']
    rows = [[name, 1, 1, shapes[place % 2]] for place, name in enumerate(names)]
    table(root / "Radiology_hand_drawn_segmentations_v2.csv", columns, [*rows, ["P9_R_CM_CC.jpg", 1, 0, "{}"]])


MIAS_HEAD = """INFORMATION ON THE FILMS
Columns are film, background tissue, class, severity, x, y and radius.

REFNUM BG CLASS SEVERITY X Y RADIUS
"""


def mini_mias(root, rng, *, pairs=9):
    """`pairs` of films, whose tissues take turns; every fourth film has an abnormality."""
    lines = []
    for number in range(1, 2 * pairs + 1):
        tissue = "FGD"[(number + 1) // 2 % 3]
        picture(root / f"mdb{number:03d}.pgm", rng)
        if number % 4:
            lines.append(f"mdb{number:03d} {tissue} NORM ")
        else:
            lines += [f"mdb{number:03d} {tissue} CIRC B 522 280 69", f"mdb{number:03d} {tissue} SPIC M 100 200 30"]
    lines += [f"mdb{2 * pairs:03d} {tissue} CALC B *NOTE 3*"]
    (root / "Info.txt").write_bytes((MIAS_HEAD + "\n".join(lines)).encode().replace(b"\n", b"\r\n"))
    return root


DMID_REPORT = """MAMMOGRAPHY OF {view}
BREAST COMPOSITION: ACR {letter}
FINDINGS: No suspicious mass.
BIRADS: 2
"""


def dmid(root, rng, *, count=12):
    """`count` images, whose densities and tissues take turns, each with its report."""
    rows = [["DMID: an explanation of the columns, which have no names"], [], ["1st column", "Reference number"]]
    for number in range(1, count + 1):
        view = ("CCLT", "CCRT", "MLOLT", "MLORT")[number % 4]
        picture(root / f"TIFF Images/IMG{number:03d}.tif", rng)
        path = root / f"Reports/Img{number:03d}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(DMID_REPORT.format(view=view, letter="ABCD"[number % 4]))
        normal = [f"IMG{number:03d}", view, "FGD"[number % 3], "NORM", "N"]
        ill = [f"IMG{number:03d} ", view.lower(), "FGD"[number % 3], "MISC+CALC", "B", 2100, 3200, 150]
        rows += [ill, [*ill[:3], "SPIC", "M", 10, 20, 30]] if number % 2 else [normal]
    workbook(root / "Metadata.xlsx", rows)
    return root


INBREAST_COLUMNS = [
    "Patient ID", "Patient age", "Laterality", "View", "Acquisition date", "File Name", "ACR", "Bi-Rads", "Mass ",
    "Micros", "Distortion", "Asymmetry", "Findings Notes (in Portuguese)", "Other Annotations", "Other Notes",
    "Lesion Annotation Status", "Pectoral Muscle Annotation",
]  # fmt: skip


def inbreast(root, rng, *, count=12):
    """`count` patients whose densities take turns, each with two views of both sides."""
    rows = []
    for patient in range(count):
        for place, (side, view) in enumerate([("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]):
            image = 20586908 + 100 * patient + place
            name = f"{image}_{patient:016x}_MG_{side}_{view[:2]}_ANON.dcm"
            dicom(root / "AllDICOMs" / name, rng, PatientID="removed")
            said = f"{1 + patient % 4}{' ' if patient % 3 else ''}"
            rows.append(
                ["removed", "removed", side, view, "201001", f"{image}.0", said, "4a", "X", "", "", "", "nódulo"]
            )
            if place == 0:
                outline = root / f"AllXML/{image}.xml"
                outline.parent.mkdir(exist_ok=True)
                outline.write_text("<plist/>")
    legend = [["", "", "", "", "", "X: present"], ["", "", "", "", "", "total", "410"]]
    table(root / "INbreast.csv", INBREAST_COLUMNS, [*rows, *legend], separator=";")
    return root


CBIS_COLUMNS = [
    "patient_id", "breast_density", "left or right breast", "image view", "abnormality id", "abnormality type",
    "mass shape", "mass margins", "assessment", "pathology", "subtlety", "image file path", "cropped image file path",
    "ROI mask file path",
]  # fmt: skip
FILM = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "ConversionType": "DF"}


def cbis_row(lesion, part, patient, side, view, *, number=1, density="2", pathology="BENIGN"):
    """A row of a case description: paths with line ends in them, and those of crop and mask swapped in some."""
    folder = f"{lesion.title()}-{PARTS[part]}_{patient}_{side}_{view}"
    paths = [f"{folder}_{number}/1.3.6/1.3.7/{name}.dcm\n" for name in ("000000", "000001")]
    about = [number, lesion, "OVAL", "SPICULATED", "4", pathology, "3"]
    return [patient, density, side, view, *about, f"{folder}/1.3.6/1.3.7/000000.dcm", *paths[:: (-1) ** number]]


def cbis_tables(root, rows):
    """The four case descriptions, of rows by lesion and part; those of calcifications name a column otherwise."""
    for lesion in ("mass", "calc"):
        columns = [
            name.replace("breast_density", "breast density") if lesion == "calc" else name for name in CBIS_COLUMNS
        ]
        for part in PARTS:
            table(root / f"{lesion}_case_description_{part}_set.csv", columns, rows.get((lesion, part), []))


def cbis_ddsm(root, rng, *, count=12):
    """`count` patients whose densities take turns; one has masses in train and calcifications in test."""
    rows = {}
    for number in range(1, count + 1):
        part, patient = "train" if number % 3 else "test", f"P_{number:05d}"
        cases = [("mass", part), *([("calc", "test")] if number == 1 else [])]
        for lesion, where in cases:
            for view in ("CC", "MLO"):
                row = cbis_row(lesion, where, patient, "LEFT", view, density=str(1 + number % 4))
                rows.setdefault((lesion, where), []).extend(
                    [row, cbis_row(lesion, where, patient, "LEFT", view, number=2, density=str(1 + number % 4))]
                )
                folder = root / "CBIS-DDSM" / row[11].split("/")[0]
                dicom(folder / "07-20-2016-DDSM-74994/1.000000-full mammogram images-24515/1-1.dcm", rng, **FILM)
                for lesion_number in (1, 2):
                    dicom(folder.with_name(f"{folder.name}_{lesion_number}") / "1.3.6/1.3.7/1-1.dcm", rng, **FILM)
    cbis_tables(root, rows)
    return root


class Opened:
    """A data set as the workflow finds it."""

    def __init__(self, kind, root, private, **settings):
        self.dataset = {"kind": kind, "root": str(root), **settings}
        inputs.list_files(layouts.of(self.dataset, {"source": "dataset"}), shards=1, private=private)
        self.images = list(tables.read(private / "inputs/0.tsv", tables.INPUT_FILES)["relative"])
        self.files = datasets.own_files(tables.read(private / "inputs/annotations.tsv", tables.INPUT_FILES))

    def headers(self):
        """The `Header` of every image by its id, and the reason of those that are refused by their path."""
        describe = datasets.describer(self.dataset, self.files)
        found, refused = {}, {}
        for relative in self.images:
            try:
                header = describe(relative)
                found[header.image] = header
            except Refused as reason:
                refused[relative] = reason.reason
        return found, refused

    def listed(self):
        return datasets.listed(self.dataset, self.files)

    def labels(self, task, level, sides_differ="ambiguous"):
        task = tasks.load(REPO / f"resources/tasks/{task}.yaml")
        kind = self.dataset["kind"]
        how = {"task": task, "level": level, "sides_differ": sides_differ, "pseudonyms": KEEP}
        return datasets.labels(kind, self.files, **how)


def split_of(snakemake_run, tmp_path, kind, root, **settings):
    """Images, labels and manifest of a small tree, by header scan, labels and split."""
    dataset = {"root": str(root)} | settings.pop("dataset", {})
    mine = tmp_path / "mine.yaml"
    overlay = {"dataset": dataset, "shards": 1, "split": {"seeds": [1], "min_patients_per_class": 3}, **settings}
    mine.write_text(yaml.safe_dump(overlay))
    target = "results/splits/seed1/manifest.tsv"
    done = snakemake_run(tmp_path, target, "--configfile", REPO / f"config/{kind}.yaml", mine)
    assert done.returncode == 0, done.stdout[-4000:]
    images = tables.read(tmp_path / "results/images/images.tsv", tables.IMAGES)
    labels = tables.read(tmp_path / "results/labels/labels.tsv", tables.LABELS)
    manifest = tables.read(tmp_path / target, tables.MANIFEST)
    used = manifest[manifest["subset"] != "unused"]
    assert set(used["subset"]) == {"train", "validation", "test"}
    assert used.groupby("patient_id")["subset"].nunique().max() == 1
    return images, labels, manifest
