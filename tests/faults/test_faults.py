"""A folder of every fault and of good images: each file ends in one row with its reason, and the good ones pass."""

import faulthandler
import os
import time

import numpy as np
import pytest
import yaml
from pydicom import uid

from mammoflow import inputs, pictures, scanning, tables
from mammoflow.dicom import decoders
from mammoflow.privacy import Pseudonyms
from tests.faults.files import faults, rotten
from tests.faults.mammograms import LOSSY, SYNTAXES, breast, encoded, good, header, with_pixels

KEY = bytes(range(32))
SECONDS = 2
DENSITIES = "abcd"


def scanner_in(folder):
    return scanning.Scanner(
        pseudonyms=Pseudonyms(KEY, "test"), describe=None, longest_side=2048, work=folder / "work", code="c0de"
    )


def forty():
    """Good files by name: of 12 patients, in every transfer syntax, with their stored values."""
    files = {}
    for number in range(40):
        patient = number % 12
        laterality, view = (("L", "CC"), ("R", "CC"), ("L", "MLO"), ("R", "MLO"))[number // 12]
        syntax = SYNTAXES[number % len(SYNTAXES)]
        rng = np.random.default_rng(1000 + number)
        name = f"good {number:02d} ñ\n:.dcm" if number < 3 else f"good {number:02d}.dcm"
        files[name] = syntax, *good(number, syntax, rng=rng, laterality=laterality, view=view, patient=patient)
    return files


@pytest.fixture(scope="module")
def bad():
    return {fault.name: fault for fault in faults()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, bad):
    """Forty good images, every fault, and what is no file at all."""
    place = tmp_path_factory.mktemp("faults") / "images"
    place.mkdir()
    for fault in bad.values():
        (place / fault.name).write_bytes(fault.content)
    for name, (_, content, _) in forty().items():
        (place / name).write_bytes(content)
    # F29: what a walk must not fall for.
    (place / "folder.dcm").mkdir()
    (place / "loop.dcm").symlink_to(place / "loop.dcm")
    (place / "nothing.dcm").symlink_to(place / "not there")
    (place / "round").symlink_to(place)
    os.mkfifo(place / "pipe.dcm")
    return place


@pytest.fixture(scope="module")
def scanned(folder, tmp_path_factory):
    """The rows by name, the folder of work, and the seconds that it took."""
    scanner = scanner_in(tmp_path_factory.mktemp("scan"))
    files = [(file.relative, file.path) for file in inputs.walk(folder, ())]
    start = time.monotonic()
    rows = scanning.scan_files(files, scanner, iter, seconds=SECONDS)
    took = time.monotonic() - start
    images = scanning.merge(scanning.as_table(rows)).set_index("file_id")
    by_name = {name: images.loc[scanner.pseudonyms.of("file", name)] for name, _ in files}
    return by_name, scanner.work, took, rows


def test_every_file_is_accounted_for_once(scanned, bad):
    rows = scanned[0]
    assert set(rows) == set(bad) | set(forty())
    assert len({row["image_id"] for row in rows.values()}) == len(rows)


def test_each_fault_has_its_reason(scanned, bad):
    rows = scanned[0]
    once = [fault for fault in bad.values() if "|" not in fault.status]
    found = {fault.name: (rows[fault.name]["status"], rows[fault.name]["reason"]) for fault in once}
    assert found == {fault.name: (fault.status, fault.reason) for fault in once}
    noted = [fault for fault in once if fault.notes]
    assert [fault.name for fault in noted if fault.notes not in rows[fault.name]["notes"].split()] == []


@pytest.mark.parametrize("pair", [("F22 same a.dcm", "F22 same b.dcm"), ("F23 a.dcm", "F23 b.dcm")])
def test_of_the_same_image_one_stays(scanned, pair):
    rows = scanned[0]
    assert sorted(rows[name]["reason"] for name in pair) == ["", "duplicate"]


def test_good_images_pass_with_their_values(scanned):
    rows, work, *_ = scanned
    for name, (syntax, _, pixels) in forty().items():
        row = rows[name]
        assert (row["status"], row["reason"], row["transfer_syntax"]) == ("accepted", "", syntax)
        picture = pictures.load(work / row["picture"]).whole()
        assert picture.shape == pixels.shape
        if syntax not in LOSSY:
            np.testing.assert_array_equal(picture[picture > 0], pixels[picture > 0])


def test_the_time_is_bounded(scanned, bad):
    # No file of these reaches its limit: what would hang is known before it is decoded.
    assert scanned[2] < SECONDS * len(bad)
    assert not {row["reason"] for row in scanned[0].values()} & {"decoder_timeout", "decoder_crash"}


def test_the_log_names_tags_and_no_values(scanned):
    lines = "\n".join(scanning.remarks(scanned[3]))
    assert "laterality_conflict: ImageLaterality, Laterality" in lines
    assert "laterality_conflict: ImageLaterality, SeriesDescription" in lines
    assert "bad_header: BitsStored" in lines
    assert not any(word in lines for word in ("derecha", "PID", "ACC1", ".dcm"))


@pytest.mark.parametrize(("fault", "sound", "changed"), list(rotten()), ids=["F06", "F07"])
def test_changed_bytes_show_in_the_digest(tmp_path, fault, sound, changed):
    (tmp_path / "a").write_bytes(sound)
    (tmp_path / "b").write_bytes(changed)
    files = [(name, str(tmp_path / name)) for name in "ab"]
    before, after = scanning.scan_files(files, scanner_in(tmp_path), iter, seconds=SECONDS)
    assert before["status"] == "accepted"
    assert after["file_blake3"] != before["file_blake3"]
    assert (after["status"], after.get("reason", "")) in [("accepted", ""), ("quarantined", "decode_error")]


def abort():
    faulthandler.disable()  # pytest's would print this child's whole state
    os.abort()


def decoder_of(behaviour):
    def read(codecs, stream, layout):
        if layout.rows == 77:
            behaviour()
        return codecs.jpeg8_decode(stream)

    return {"jpeg": ("jpeg8", read)}


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [(lambda: time.sleep(60), "decoder_timeout"), (abort, "decoder_crash"), (lambda: np.ones(2**34), "too_large")],
    ids=["hangs", "aborts", "takes all memory"],
)
def test_a_decoder_that_dies_costs_its_own_file(tmp_path, monkeypatch, behaviour, reason):
    monkeypatch.setattr(decoders, "_FAST", decoders._FAST | decoder_of(behaviour))
    syntax, rng = uid.JPEGLosslessSV1, np.random.default_rng(0)
    contents = [good(number, syntax, rng=rng)[0] for number in range(3)]
    contents[1] = good_of_77_rows(syntax, rng)
    for number, content in enumerate(contents):
        (tmp_path / str(number)).write_bytes(content)
    files = [(str(number), str(tmp_path / str(number))) for number in range(3)]
    start = time.monotonic()
    rows = scanning.scan_files(files, scanner_in(tmp_path), iter, seconds=SECONDS)
    assert time.monotonic() - start < 10 * SECONDS
    assert [row.get("reason", "") for row in rows] == ["", reason, ""]
    # The exam counts it: its header was read all the same.
    assert (rows[1]["laterality"], rows[1]["rows"]) == ("L", 77)
    assert rows[1]["exam_id"]


def good_of_77_rows(syntax, rng):
    return encoded(with_pixels(header(50), breast(rng, shape=(77, 100))), syntax)


def test_a_full_disk_stops_the_run(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pictures, "save", full)
    (tmp_path / "a").write_bytes(good(1, uid.ExplicitVRLittleEndian, rng=np.random.default_rng(0))[0])
    with pytest.raises(OSError, match="No space left"):
        scanning.scan_files([("a", str(tmp_path / "a"))], scanner_in(tmp_path), iter)


@pytest.mark.workflow
def test_the_workflow_exports_the_good_images(folder, bad, tmp_path, snakemake_run):
    lines = ["exam\tdensity", *(f"ACC{patient}\t{DENSITIES[patient % 4]}" for patient in range(12))]
    (tmp_path / "labels.tsv").write_text("\n".join(lines) + "\n")
    labels = {"source": "table", "table": str(tmp_path / "labels.tsv"), "id_column": "exam", "label_column": "density"}
    settings = {
        "dataset": {"kind": "folder", "images": str(folder)},
        "labels": labels,
        "shards": 2,
        "scan": {"seconds": SECONDS},
        "split": {"seeds": [1], "min_patients_per_class": 3},
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    targets = ["results/images/images.tsv", *(f"results/png/plain/{shard}.tsv" for shard in range(2))]
    start = time.monotonic()
    done = snakemake_run(tmp_path, *targets, "--configfile", tmp_path / "mine.yaml")
    assert done.returncode == 0, done.stdout[-4000:]
    assert time.monotonic() - start < SECONDS * (len(bad) + 40)
    images = tables.read(tmp_path / "results/images/images.tsv", tables.IMAGES)
    assert len(images) == len(bad) + 40
    exported = tables.read_all([tmp_path / target for target in targets[1:]], tables.PNGS)
    accepted = images[images["status"] == "accepted"]
    assert set(exported["image_id"]) == set(accepted["image_id"])
    of_patients = accepted.groupby("exam_id").size()
    assert (of_patients > 1).sum() == 12
    assert of_patients[of_patients > 1].sum() == 40
    assert all((tmp_path / file).is_file() for file in exported["file"])
    log = "".join(path.read_text() for path in (tmp_path / "results/logs/scan_images").glob("*.log"))
    assert "laterality_conflict: ImageLaterality, Laterality" in log
    assert str(folder) not in log
