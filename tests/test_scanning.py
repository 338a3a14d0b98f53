"""Every file ends in one row with a reason, and what was decoded once is not decoded again."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from mammoflow import export, pictures, scanning, tables
from mammoflow.dicom.exclusions import Exclusions
from mammoflow.privacy import Pseudonyms

KEY = bytes(range(32))


def mammogram(rng, *, bits=12, signed=False, photometric="MONOCHROME2"):
    """A DICOM mammogram with a bright half-disc, and its stored values with a dark background."""
    y, x = np.mgrid[:120, :100]
    inside = (x / 100) ** 2 + ((y - 60) / 55) ** 2 < 0.8
    top = 2**bits - 1
    dark = np.where(inside, rng.integers(top // 4, top, inside.shape), 0)
    stored = top - dark if photometric == "MONOCHROME1" else dark
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.2"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = f"2.25.{rng.integers(1, 2**60)}"
    dataset.StudyInstanceUID = "2.25.1"
    dataset.PatientID, dataset.AccessionNumber, dataset.Modality = "PID1", "ACC1", "MG"
    dataset.PatientAge, dataset.StudyDate = "054Y", "20150317"
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.ImageLaterality, dataset.ViewPosition = "L", "CC"
    dataset.Manufacturer, dataset.ManufacturerModelName = "Maker", "Model 1"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, photometric
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits, bits - 1
    dataset.PixelRepresentation = int(signed)
    values = stored - 2 ** (bits - 1) if signed else stored
    dataset.PixelData = values.astype(np.int16 if signed else np.uint16).tobytes()
    return dataset, dark


@pytest.fixture
def scanner(tmp_path):
    return scanning.Scanner(
        pseudonyms=Pseudonyms(KEY, "test"), describe=None, longest_side=2048, work=tmp_path / "work", code="c0de"
    )


def scan(scanner, path):
    return scanner.scan((path.name, str(path)))


def saved(dataset, path):
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("signed", [False, True])
def test_the_picture_is_the_stored_values_on_dark(tmp_path, scanner, photometric, signed):
    dataset, dark = mammogram(np.random.default_rng(0), photometric=photometric, signed=signed)
    row = scan(scanner, saved(dataset, tmp_path / "x.dcm"))
    picture = pictures.load(scanner.work / row["picture"])
    assert row["status"] == "accepted"
    np.testing.assert_array_equal(picture.whole(), dark)
    np.testing.assert_array_equal(picture.histogram[1:], np.bincount(dark.ravel(), minlength=4096)[1:])
    assert (picture.bits, picture.histogram[0]) == (12, 0)


def test_births_are_read_only_where_asked_for_and_hashed_whatever_the_ids(tmp_path, scanner):
    rows = []
    asked = dataclasses.replace(
        scanner, pseudonyms=Pseudonyms(KEY, "test", "keep"), births=Pseudonyms(KEY, "test", "hash")
    )
    for number, born in enumerate(("19610401", "19610401", "")):
        dataset, _ = mammogram(np.random.default_rng(number))
        dataset.PatientBirthDate, dataset.AccessionNumber = born, f"ACC{number // 2}"
        file = saved(dataset, tmp_path / f"{number}.dcm")
        rows.append(scan(asked, file))
        assert "birth_id" not in scan(scanner, file)
    born = asked.births.of("birth", "19610401")
    assert len(born) == 16
    # Two images of one exam are one row; an exam without a birth date has none.
    assert scanning.births(rows).to_numpy().tolist() == [["ACC0", "PID1", born]]
    assert "19610401" not in str(rows)
    tables.write(scanning.births([]), tmp_path / "none.tsv", tables.BIRTHS)
    assert tables.read(tmp_path / "none.tsv", tables.BIRTHS).empty


def test_a_row_says_what_the_header_says_under_keyed_ids(tmp_path, scanner):
    dataset, _ = mammogram(np.random.default_rng(0))
    row = scan(scanner, saved(dataset, tmp_path / "x.dcm"))
    ids = scanner.pseudonyms
    assert row["patient_id"] == ids.of("patient", "PID1")
    assert row["exam_id"] == ids.of("exam", "ACC1")
    assert row["image_id"] == ids.of("image", dataset.SOPInstanceUID)
    said = {name: row[name] for name in ("laterality", "view", "device", "age_band", "year", "bits_stored")}
    assert said == {
        "laterality": "L", "view": "CC", "device": "Maker Model 1", "age_band": "50-59", "year": "2015",
        "bits_stored": 12,
    }  # fmt: skip


def test_the_same_content_is_decoded_once(tmp_path, scanner):
    dataset, _ = mammogram(np.random.default_rng(0))
    path = saved(dataset, tmp_path / "x.dcm")
    first, again = scan(scanner, path), scan(scanner, path)
    assert (first.pop("decoded"), again.pop("decoded")) == (True, False)
    assert first == again


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"Modality": "CT"}, "excluded", "wrong_modality"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "excluded", "for_processing"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2.1"}, "excluded", "for_processing"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "Modality": "OT"}, "excluded", "secondary_capture"),
        ({"NumberOfFrames": 40}, "excluded", "tomosynthesis"),
        ({"ImageType": ["DERIVED", "PRIMARY", "GENERATED_2D"]}, "excluded", "synthetic_2d"),
        ({"ViewPosition": "XCCL"}, "excluded", "non_standard_view"),
        ({"ImageLaterality": ""}, "quarantined", "no_laterality"),
        ({"PatientID": ""}, "quarantined", "no_patient_id"),
        ({"AccessionNumber": ""}, "quarantined", "no_exam_id"),
        ({"BitsStored": 20}, "quarantined", "bad_header"),
        ({"SOPInstanceUID": ""}, "quarantined", "bad_header"),
        ({"Laterality": "R"}, "quarantined", "laterality_conflict"),
        ({"ViewPosition": ""}, "quarantined", "no_view"),
        ({"BurnedInAnnotation": "YES"}, "quarantined", "burned_in"),
        ({"BreastImplantPresent": "YES"}, "excluded", "implant"),
        ({"BitsStored": None}, "quarantined", "bad_header"),
        ({"Rows": 65535, "Columns": 65535}, "quarantined", "too_large"),
        ({"PixelData": b"\0\0"}, "quarantined", "truncated"),
        ({"PixelData": bytes(120 * 100 * 2)}, "quarantined", "no_foreground"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "excluded", "not_monochrome"),
    ],
)
def test_what_is_not_accepted_has_its_reason(tmp_path, scanner, change, status, reason):
    dataset, _ = mammogram(np.random.default_rng(0))
    for tag, value in change.items():
        setattr(dataset, tag, value)
    row = scan(scanner, saved(dataset, tmp_path / "x.dcm"))
    assert (row["status"], row["reason"]) == (status, reason)


def test_a_magnified_view_is_not_a_screening_view(tmp_path, scanner):
    dataset, _ = mammogram(np.random.default_rng(0))
    view, modifier = Dataset(), Dataset()
    modifier.CodeValue, view.CodeValue = "399163009", "399162004"
    view.ViewModifierCodeSequence = [modifier]
    dataset.ViewCodeSequence = [view]
    assert scan(scanner, saved(dataset, tmp_path / "x.dcm"))["reason"] == "non_standard_view"


def test_a_view_code_serves_where_the_position_is_missing(tmp_path, scanner):
    dataset, _ = mammogram(np.random.default_rng(0))
    view = Dataset()
    view.CodeValue = "399368009"
    dataset.ViewPosition, dataset.ViewCodeSequence = "", [view]
    assert scan(scanner, saved(dataset, tmp_path / "x.dcm"))["view"] == "MLO"


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty_file"), (b"no dicom at all" * 20, "not_dicom")])
def test_other_files_are_quarantined(tmp_path, scanner, content, reason):
    path = tmp_path / "x.dcm"
    path.write_bytes(content)
    assert scan(scanner, path)["reason"] == reason


def test_a_vanished_file_is_accounted_for(tmp_path, scanner):
    assert scan(scanner, tmp_path / "gone.dcm")["reason"] == "vanished"


def test_bits_above_the_stored_ones_are_masked(tmp_path, scanner):
    dataset, dark = mammogram(np.random.default_rng(0))
    dataset.PixelData = (dark.astype(np.uint16) | 0xF000).tobytes()
    row = scan(scanner, saved(dataset, tmp_path / "x.dcm"))
    np.testing.assert_array_equal(pictures.load(scanner.work / row["picture"]).whole(), dark)


def test_pydicoms_own_files_are_all_accounted_for(scanner):
    folder = Path(pydicom.data.__file__).parent / "test_files"
    files = [(path.name, str(path)) for path in sorted(folder.glob("*.dcm"))]
    rows = scanning.scan_files(files, scanner, progress=lambda loop: loop)
    assert len(rows) == len(files) > 50
    # None of them is a mammogram.
    assert {row["status"] for row in rows} == {"excluded", "quarantined"}
    assert all(row["reason"] for row in rows)


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path, scanner):
    os.mkfifo(tmp_path / "x.dcm")
    assert scan(scanner, tmp_path / "x.dcm")["reason"] == "unreadable"


def test_a_file_longer_than_any_mammogram_is_not_read_whole(tmp_path, scanner, monkeypatch):
    monkeypatch.setattr(scanning, "MOST_BYTES", 10_000)
    dataset, _ = mammogram(np.random.default_rng(0))
    path = saved(dataset, tmp_path / "x.dcm")
    row = scan(scanner, path)
    assert (row["reason"], row["rows"]) == ("too_large", 120)
    assert row["file_blake3"] == blake3(path.read_bytes()).hexdigest()


def test_the_window_of_the_header_is_kept(tmp_path, scanner):
    dataset, _ = mammogram(np.random.default_rng(0))
    dataset.WindowCenter, dataset.WindowWidth = "1000", "500"
    row = scan(scanner, saved(dataset, tmp_path / "x.dcm"))
    voi = pictures.load(scanner.work / row["picture"]).voi
    assert (len(voi), voi[700], voi[1300]) == (4096, 0, 65535)
    assert row["notes"] == ""


def test_what_is_worth_knowing_is_noted(tmp_path, scanner):
    dataset, _ = mammogram(np.random.default_rng(0), signed=True)
    dataset.WindowCenter, dataset.WindowWidth, dataset.BreastImplantPresent = "1000", "0", "YES"
    keeping = dataclasses.replace(scanner, exclusions=Exclusions(keep_implants=True))
    row = scan(keeping, saved(dataset, tmp_path / "x.dcm"))
    assert (row["status"], row["notes"]) == ("accepted", "implant signed voi_fallback")


def test_the_samples_of_wg04_are_captures(mammoflow_data, scanner):
    """They have no accession number, so that the study names the exam."""
    folder = mammoflow_data / "dicom_wg04"
    by_study = dataclasses.replace(scanner, exam_key="StudyInstanceUID")
    admitting = dataclasses.replace(by_study, exclusions=Exclusions(frozenset({"secondary_capture"})))
    for name, decoder in (("MG1_J2KI.dcm", "imagecodecs jpeg2k"), ("MG1_JPLY.dcm", "imagecodecs jpeg8")):
        row = scan(by_study, folder / name)
        assert (row["status"], row["reason"]) == ("excluded", "secondary_capture")
        row = scan(admitting, folder / name)
        assert (row["status"], row["decoder"]) == ("accepted", decoder)
        assert (row["laterality"], row["view"], row["rows"]) == ("L", "MLO", 4664)


def image(file_id, image_id, content, status="accepted", pixels=""):
    return {
        "file_id": file_id, "image_id": image_id, "file_blake3": content, "pixel_blake3": pixels, "status": status
    }  # fmt: skip


def test_merging_settles_doubles():
    frame = tables.frame_of(
        [
            image("f1", "one", "x"),
            image("f2", "one", "x"),
            image("f3", "two", "x"),
            image("f4", "two", "y"),
            image("f5", "three", "z", "excluded"),
        ],
        tables.IMAGES,
    )
    merged = scanning.merge(frame).set_index("file_id")
    assert merged["status"].tolist() == ["accepted", "excluded", "quarantined", "quarantined", "excluded"]
    assert merged["reason"].tolist() == ["", "duplicate", "uid_conflict", "uid_conflict", ""]
    assert merged["image_id"].tolist() == ["one", "f2", "f3", "f4", "three"]
    backwards = scanning.merge(frame.iloc[::-1]).set_index("file_id")
    pd.testing.assert_frame_equal(merged, backwards)


def test_merging_keeps_one_of_images_with_the_same_pixels():
    rows = [image("f1", "one", "x", pixels="p"), image("f2", "two", "y", pixels="p"), image("f3", "three", "z")]
    rows += [image("f0", "none", "w", "excluded", pixels="p"), image("f4", "four", "v")]
    merged = scanning.merge(tables.frame_of(rows, tables.IMAGES)).set_index("file_id").sort_index()
    assert merged["status"].tolist() == ["excluded", "accepted", "excluded", "accepted", "accepted"]
    assert merged.loc["f2", "reason"] == "duplicate"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["one", "two", "three"]),
            st.sampled_from(["x", "y"]),
            st.sampled_from(["", "p", "q"]),
            st.sampled_from(["accepted", "excluded"]),
            st.integers(0, 2),
        ),
        max_size=12,
    )
)
def test_a_shard_and_what_is_withdrawn_say_what_is_accepted(files):
    """What is exported shard by shard is what the table of all images has as accepted, no more and no less."""
    rows = [
        image(f"f{at:02d}", image_id, content, status, pixels)
        for at, (image_id, content, pixels, status, _) in enumerate(files)
    ]
    scans = tables.frame_of(rows, tables.IMAGES)
    images = scanning.merge(scans)
    withdrawn = scanning.withdrawn(scans, images)
    of_shard = np.array([shard for *_, shard in files], dtype=int)
    found = [export.accepted(scans[of_shard == shard], withdrawn) for shard in range(3)]
    columns = ["file_id", "image_id"]
    whole = images.loc[images["status"] == "accepted", columns].sort_values("file_id", ignore_index=True)
    pd.testing.assert_frame_equal(pd.concat(found)[columns].sort_values("file_id", ignore_index=True), whole)
    assert (withdrawn["reason"] != "").all()


def test_a_picture_is_kept_at_the_working_size(tmp_path, scanner):
    small = scanning.Scanner(scanner.pseudonyms, None, 60, scanner.work, "c0de")
    dataset, _ = mammogram(np.random.default_rng(0))
    row = scan(small, saved(dataset, tmp_path / "x.dcm"))
    picture = pictures.load(small.work / row["picture"])
    assert picture.whole().shape == (60, 50)
    # The histogram is of the full resolution.
    assert picture.histogram.sum() > 60 * 50
    assert (row["rows"], row["columns"]) == (120, 100)
