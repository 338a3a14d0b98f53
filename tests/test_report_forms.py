"""Reports of every form through the workflow: a hospital's mixed folder, and CDD-CESM's."""

import pytest
import yaml

from mammoflow import tables
from mammoflow.datasets import cdd_cesm
from mammoflow.privacy import Pseudonyms, load_key
from tests.test_reading import cdd_document, document_of, saved
from tests.test_structured_reports import REPORT, structured

pytestmark = pytest.mark.workflow

PLANTED = ("Zubizarreta", "ACC0071", "ACC0072", "ACC0073")


def run(snakemake_run, directory, settings, target):
    (directory / "mine.yaml").write_text(yaml.safe_dump(settings))
    done = snakemake_run(directory, target, "--configfile", directory / "mine.yaml")
    assert done.returncode == 0, done.stdout[-4000:]


def read(directory):
    """Reports by the hospital's own ids, and the ids of the tables by those."""
    names = Pseudonyms(load_key(directory / "private/id.key"), "folder")
    reports = tables.read(directory / "results/reports/reports.tsv", tables.REPORTS).set_index("exam_id")
    return reports, lambda exam: reports.loc[names.of("exam", exam)]


def test_a_folder_of_mixed_forms(snakemake_run, tmp_path):
    folder = tmp_path / "informes" / "Zubizarreta Ana"
    folder.mkdir(parents=True)
    (folder / "ACC0071.txt").write_bytes("Mamas heterogéneamente densas. Zubizarreta.".encode("latin-1"))
    (folder / "ACC0071.pdf").write_bytes(b"%PDF-1.7")
    (folder / "ACC0072.docx").write_bytes(saved(document_of("HALLAZGOS:", "Patrón ACR b. Zubizarreta.")))
    (folder / "ACC0073.rtf").write_bytes(b"{\\rtf1 ACR c}")
    (folder / "~$C0072.docx").write_bytes(b"lock")
    (folder / "IM1").write_bytes(structured(*REPORT, AccessionNumber="ACC0074", PatientName="Zubizarreta^Ana"))
    (folder / "IM2.dcm").write_bytes(structured(*REPORT, AccessionNumber=""))
    settings = {"dataset": {"kind": "folder", "reports": str(tmp_path / "informes")}}
    run(snakemake_run, tmp_path, settings, "results/reports/reports.tsv")
    reports, of = read(tmp_path)
    assert reports["texts"].sum() == 6
    assert reports["reason"].value_counts().to_dict() == {"": 3, "not_supported": 1, "no_exam_id": 1}
    assert of("ACC0071")[["texts", "status", "language"]].tolist() == [2, "parsed", "es"]
    assert of("ACC0072")[["status", "sections"]].tolist() == ["parsed", "findings"]
    assert of("ACC0073")["reason"] == "not_supported"
    assert of("ACC0074")["status"] == "parsed"
    texts = tables.read(tmp_path / "private/reports/texts.tsv", tables.TEXTS)
    assert sorted(texts["exam"]) == ["ACC0071", "ACC0072", "ACC0074"]
    for name in ("texts", "sections"):
        assert (tmp_path / f"private/reports/{name}.tsv").stat().st_mode & 0o777 == 0o600
    written = [path for place in ("results", ".snakemake") for path in (tmp_path / place).rglob("*") if path.is_file()]
    assert written
    for path in written:
        assert not any(planted.encode() in path.read_bytes() for planted in PLANTED), path


def test_reports_of_cdd_cesm_give_labels(snakemake_run, tmp_path):
    root = tmp_path / "cdd"
    images, reports = root / "Low energy images of CDD-CESM", root / "Medical reports for cases "
    for folder in (images, reports):
        folder.mkdir(parents=True)
    stated = {
        1: ("", "ACR C: Heterogenously dense breasts."),
        2: ("Right", "ACR B: Scattered areas of fibroglandular density."),
        54: ("Left", "ACR D: Extremely dense breasts."),
    }
    for number, (side, density) in stated.items():
        (images / f"P{number}_L_DM_CC.jpg").touch()
        (reports / f"P{number}.docx").write_bytes(cdd_document(number, density, in_block=side))
    (reports / "~$P54.docx").write_bytes(b"lock")
    (root / "Radiology-manual-annotations.xlsx").touch()
    settings = {
        "dataset": {"kind": "cdd_cesm", "root": str(root), "variant": "low_energy"},
        "labels": {"source": "reports", "level": "exam"},
    }
    run(snakemake_run, tmp_path, settings, "results/labels/labels.tsv")
    found = tables.read(tmp_path / "results/labels/labels.tsv", tables.LABELS)
    names = Pseudonyms(load_key(tmp_path / "private/id.key"), "cdd_cesm")
    # By the same names as the images' exams.
    of_image = {names.of("exam", cdd_cesm.describe(path.name).exam): path.name for path in images.iterdir()}
    own = found[found["side"] == ""]
    assert {of_image[exam]: label for exam, label in zip(own["exam_id"], own["label"], strict=True)} == {
        "P1_L_DM_CC.jpg": "c",
        "P2_L_DM_CC.jpg": "b",
        "P54_L_DM_CC.jpg": "d",
    }
    assert tables.read(tmp_path / "results/reports/reports.tsv", tables.REPORTS)["texts"].tolist() == [1, 1, 1]
