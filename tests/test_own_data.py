"""A folder of one's own runs to the report, and nothing of a patient leaves private/."""

import base64
import dataclasses
import json
import re
import shutil

import numpy as np
import pydicom
import pytest
from PIL import Image

from mammoflow import tables
from mammoflow.demo import mammograms, patients
from mammoflow.demo import reports as demo_reports
from mammoflow.privacy import Pseudonyms, load_key
from tests.test_workflow import checkout, run, write_config

__all__ = ["checkout"]
pytestmark = pytest.mark.workflow

QUICK = {
    "shards": 2,
    "split": {"seeds": [1], "min_patients_per_class": 3},
    "evaluation": {"resamples": 100},
}
SENTENCE = "Refiere la paciente Asunción Zubizarreta dolor en la mama izquierda."


class Hospital:
    """A PACS export and a folder of reports, and every value of a patient in them."""

    def __init__(self, root):
        self.images, self.reports = root / "Exportación PACS", root / "informes de mamografía"
        self.planted = {"Zubizarreta", "Asunción", "refiere la paciente", "dolor en la mama"}
        exams = patients.exams(count=24, seed=5, class_mix="equal")
        # Two patients, who may be one person: they have one birth date and one report.
        self.alike = exams[4:6] = [exams[4], dataclasses.replace(exams[5], birth_date=exams[4].birth_date)]
        # Two others are one person, as a table says.
        self.same = [self.patient(exam) for exam in exams[2:4]]
        self.persons = root / "Zubizarreta y otras.csv"
        self.write(self.persons, "NHC;persona\n" + "".join(f"{one};Asunción\n" for one in self.same))
        for file in patients.image_files(exams):
            self.add_image(file)
        accessions = [self.add_report(exam) for exam in exams if demo_reports.report(exam)]
        # A second, different report of one exam, and a report of an exam that nobody made images of.
        self.write(self.reports / "copias" / f"{accessions[0]}.txt", "HALLAZGOS: Mamas casi completamente grasas.")
        self.write(self.reports / "HUERF-001 ñ.txt", "HALLAZGOS: Mamas extremadamente densas. " + SENTENCE)
        self.planted |= {"HUERF-001"}

    def add_image(self, file):
        path = self.images / f"Pérez Gómez {file.exam.patient}" / f"estudio\n{file.exam.accession}"
        path /= f"imagen nº {len(file.relative)} {file.relative.replace('/', ' ')}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mammograms.encode(file))
        self.planted |= {"Pérez Gómez", "imagen nº", file.relative.replace("/", " ")}
        try:
            dataset = pydicom.dcmread(path)
            dataset.PatientName = f"Gómez^Perséfone {file.exam.patient}"
            dataset.PatientID = self.patient(file.exam)
            dataset.AccessionNumber = self.accession(file.exam)
            # pydicom warns of such a value, and quotes it.
            dataset["PatientAge"] = pydicom.DataElement("PatientAge", "AS", "54 añosQ", validation_mode=0)
            self.planted |= {"Perséfone", dataset.PatientID, str(dataset.PatientBirthDate), str(dataset.SOPInstanceUID)}
            dataset.save_as(path)
        except (EOFError, AttributeError, ValueError):
            pass  # the demo's truncated file stays as it is

    @staticmethod
    def patient(exam):
        return f"NHC{exam.patient:05d}XQ"

    def accession(self, exam):
        self.planted.add(f"ACC{exam.accession}Z")
        return f"ACC{exam.accession}Z"

    def add_report(self, exam):
        name = self.accession(exam)
        told = self.alike[0] if exam in self.alike else exam
        self.write(self.reports / f"{name}.txt", demo_reports.report(told).text + f"\n{SENTENCE}\n")
        return name

    @staticmethod
    def write(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1", "replace"))


def is_whole(needle, held):
    """Whether a date stands there as such, and not as some digits of a hash or of a measure."""
    return not needle.isdigit() or re.search(rb"(?<![0-9a-f.])" + needle + rb"(?![0-9a-f])", held) is not None


def leaks(folders, planted):
    """Files that hold a planted value, in any of the usual encodings, data URIs looked into."""
    needles = {value.encode(code) for value in planted for code in ("utf-8", "latin-1")}
    needles |= {json.dumps(value)[1:-1].encode() for value in planted}
    found = []
    for path in [path for folder in folders for path in folder.rglob("*")]:
        held = str(path).encode() + (path.read_bytes() if path.is_file() else b"")
        held += b"".join(base64.b64decode(uri) for uri in re.findall(rb"base64,([A-Za-z0-9+/=]+)", held))
        found += [(path, needle) for needle in needles if needle in held and is_whole(needle, held)]
    return found


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    return Hospital(tmp_path_factory.mktemp("hospital"))


@pytest.fixture(scope="module")
def own(tmp_path_factory, checkout, hospital):
    """A folder in which the hospital's images and reports have run to the report."""
    directory = tmp_path_factory.mktemp("own")
    dataset = {"kind": "folder", "images": str(hospital.images), "reports": str(hospital.reports)}
    persons = {"table": str(hospital.persons), "patient_column": "NHC", "person_column": "persona"}
    split = QUICK["split"] | {"same_persons": persons}
    write_config(directory, QUICK | {"dataset": dataset, "split": split, "run": ["linear_probe", "majority"]})
    run(checkout, directory)
    (directory / "snakemake").mkdir()
    run(checkout, directory, "--report", directory / "snakemake/report.html")
    return directory


def test_nothing_of_a_patient_leaves_private(own, hospital):
    assert len(hospital.planted) > 100
    assert leaks([own / "results", own / ".snakemake", own / "snakemake"], hospital.planted) == []
    # The search finds what is there to be found.
    assert leaks([own / "private"], hospital.planted)
    assert (own / "private").stat().st_mode & 0o777 == 0o700
    assert (own / "private/id.key").stat().st_mode & 0o777 == 0o600


def test_own_images_and_reports_meet(own):
    exams = tables.read(own / "results/cohort/exams.tsv", tables.EXAMS)
    reasons = exams["reason"].value_counts().to_dict()
    assert exams["included"].sum() >= 18
    assert reasons["report_duplicate"] == 1
    assert reasons["no_image"] >= 1
    assert reasons["report_missing"] >= 1
    assert (own / "results/report/report.html").stat().st_size > 100_000
    manifest = tables.read(own / "results/splits/seed1/manifest.tsv", tables.MANIFEST)
    used = manifest[manifest["subset"] != "unused"]
    assert used.groupby("patient_id")["subset"].nunique().max() == 1


def test_who_may_be_one_person_is_listed_for_review_and_not_joined(own, hospital):
    review = tables.read(own / "private/review.tsv", tables.REVIEW).set_index(["exam", "side"])
    names = [hospital.accession(exam) for exam in hospital.alike]
    for name, other in (names, names[::-1]):
        assert "same_text_and_birth" in review.loc[(name, ""), "reason"].split()
        assert f"Same text and birth date as {other}." in review.loc[(name, ""), "sentences"]
    assert review["reason"].str.contains("same_text_and_birth").sum() == 2
    groups = tables.read(own / "results/cohort/groups.tsv", tables.GROUPS)
    pseudonyms = Pseudonyms(load_key(own / "private/id.key"), "folder")
    assert set(groups["patient_id"]) == {pseudonyms.of("patient", patient) for patient in hospital.same}
    assert groups["group_id"].nunique() == 1
    labelled = tables.read(own / "results/cohort/labelled_images.tsv", tables.LABELLED_IMAGES)
    assert labelled["group_id"].nunique() == labelled["patient_id"].nunique() - 1
    manifest = tables.read(own / "results/splits/seed1/manifest.tsv", tables.MANIFEST).merge(
        labelled[["image_id", "group_id"]]
    )
    used = manifest[manifest["subset"] != "unused"]
    assert used.groupby("group_id")["subset"].nunique().max() == 1
    # The dates themselves are nowhere, not even in private/.
    born = {f"{exam.birth_date:%Y%m%d}" for exam in hospital.alike}
    assert leaks([own / "private"], born) == []
    files = list((own / "private/images/births").iterdir())
    assert len(files) == 2
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_own_data_leaves_nothing_to_be_done(own, checkout):
    assert "Nothing to be done" in run(checkout, own, "-n")


def test_a_lost_key_is_refused(own, checkout, snakemake_run, tmp_path):
    directory = tmp_path / "own"
    shutil.copytree(own, directory, symlinks=True)
    (directory / "private/id.key").unlink()
    done = snakemake_run(directory, "-n", "--configfile", directory / "mine.yaml")
    ours = [line for line in done.stdout.splitlines() if line.startswith("mammoflow: ")]
    assert done.returncode != 0
    assert ours == [
        "mammoflow: private/id.key is gone, but results/ was made with it: "
        "bring it back, or delete results/ and private/"
    ]
    assert not (directory / "private/id.key").exists()


def test_reports_only_end_in_a_page_of_labels(checkout, hospital, tmp_path):
    write_config(tmp_path, QUICK | {"dataset": {"kind": "folder", "reports": str(hospital.reports)}})
    run(checkout, tmp_path)
    labels = tables.read(tmp_path / "results/labels/labels.tsv", tables.LABELS)
    assert (labels["status"] == "labelled").sum() >= 18
    page = (tmp_path / "results/report/report.html").read_text()
    for experiment in ("zero_shot", "linear_probe", "convnext", "majority"):
        assert experiment in page
    assert leaks([tmp_path / "results", tmp_path / ".snakemake"], hospital.planted) == []


def test_a_table_of_reports_is_read(checkout, hospital, tmp_path):
    rows = "".join(
        f'"{path.stem}";"{path.read_text(encoding="latin-1").replace(chr(34), chr(39))}"\n'
        for path in sorted(hospital.reports.glob("*.txt"))
    )
    (tmp_path / "informes.csv").write_text("estudio;texto\n" + rows, encoding="latin-1")
    dataset = {"kind": "folder", "reports": str(tmp_path / "informes.csv")}
    dataset["report_columns"] = {"exam": "estudio", "text": "texto"}
    write_config(tmp_path, QUICK | {"dataset": dataset})
    run(checkout, tmp_path, "results/labels/labels.tsv")
    labels = tables.read(tmp_path / "results/labels/labels.tsv", tables.LABELS)
    assert (labels["status"] == "labelled").sum() >= 18


def test_images_and_a_table_of_labels_run_to_the_report(checkout, hospital, tmp_path):
    exams = patients.exams(count=24, seed=5, class_mix="equal")
    rows = "".join(f"{hospital.accession(exam)};{exam.density.upper()}\n" for exam in exams if exam.fault != "orphan")
    (tmp_path / "etiquetas.csv").write_text("estudio;densidad\n" + rows)
    labels = {"source": "table", "table": str(tmp_path / "etiquetas.csv")}
    labels |= {"id_column": "estudio", "label_column": "densidad"}
    settings = QUICK | {"dataset": {"kind": "folder", "images": str(hospital.images)}, "labels": labels}
    write_config(tmp_path, settings | {"run": ["majority"]})
    run(checkout, tmp_path)
    exams = tables.read(tmp_path / "results/cohort/exams.tsv", tables.EXAMS)
    assert exams["included"].sum() >= 20
    assert set(exams["report_status"]) == {""}
    assert (tmp_path / "results/report/report.html").exists()


def pictures(folder, table, *, classes="ABCD", each=4):
    """Pictures of patients whose class stands in a table."""
    rng = np.random.default_rng(0)
    lines = ["image,patient,density"]
    for label in classes:
        for number in range(each):
            pixels = np.zeros((90, 70), np.uint8)
            pixels[5:85, :50] = rng.integers(80, 200, (80, 50))
            folder.mkdir(exist_ok=True)
            Image.fromarray(pixels).save(folder / f"{label}{number}.png")
            lines.append(f"{label}{number}.png,patient {label}{number},{label}")
    table.write_text("\n".join(lines) + "\n")


def picture_settings(folder, table):
    image_table = {"file": str(table), "image_column": "image", "patient_column": "patient", "label_column": "density"}
    return QUICK | {
        "dataset": {"kind": "folder", "images": str(folder), "image_table": image_table},
        "labels": {"source": "table", "level": "image"},
    }


def test_pictures_described_by_a_table_run_to_the_report(checkout, tmp_path):
    pictures(tmp_path / "in", tmp_path / "table.csv")
    Image.new("L", (50, 50)).save(tmp_path / "in/unlisted.png")
    settings = picture_settings(tmp_path / "in", tmp_path / "table.csv")
    write_config(tmp_path, settings | {"run": ["random"]})
    run(checkout, tmp_path)
    images = tables.read(tmp_path / "results/images/images.tsv", tables.IMAGES)
    assert images["reason"].value_counts().to_dict() == {"": 16, "not_in_table": 1}
    assert (tmp_path / "results/report/report.html").exists()


def test_real_mammograms_run_to_the_report(mammoflow_data, checkout, tmp_path):
    names = sorted(path.name for path in (mammoflow_data / "monai_density").glob("*.jpg"))
    lines = [f"{name},{name},{name[0]}" for name in names]
    (tmp_path / "table.csv").write_text("\n".join(["image,patient,density", *lines]) + "\n")
    settings = picture_settings(mammoflow_data / "monai_density", tmp_path / "table.csv")
    write_config(tmp_path, settings | {"run": ["histogram_device", "majority"]})
    run(checkout, tmp_path)
    images = tables.read(tmp_path / "results/images/images.tsv", tables.IMAGES)
    assert (images["status"] == "accepted").sum() == 16
    assert (tmp_path / "results/report/report.html").exists()
