"""The demo hospital: who is in it, its pictures, its DICOM files and its reports."""

import hashlib
import io
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mammoflow.demo import mammograms, patients, phantoms, reports
from mammoflow.inputs import shard_of

COUNTS = st.integers(20, 400)
MIXES = st.sampled_from(["natural", "equal"])


def demo(count=100, seed=1, class_mix="natural"):
    return patients.exams(count=count, seed=seed, class_mix=class_mix)


def first_class(exams):
    """The class of each patient's first exam."""
    return {exam.patient: exam.density for exam in exams if exam.number == 1 and exam.fault != "orphan"}


def file_of(*, device="linear", syntax="explicit", laterality="L", view="CC", kind="screening"):
    """A sound file of any make."""
    exam = replace(demo()[0], device=device, syntax=syntax, fault="")
    number = patients.VIEWS.index((laterality, view)) + 1
    return patients.ImageFile("PAC/EX/IM.dcm", exam, number, laterality, view, kind=kind)


def dataset_of(file):
    return pydicom.dcmread(io.BytesIO(mammograms.encode(file)))


# Who is there


@settings(deadline=None, max_examples=40)
@given(count=COUNTS, class_mix=MIXES, seed=st.integers(0, 5))
def test_quotas_and_numbers(count, class_mix, seed):
    exams = demo(count, seed, class_mix)
    with_images = [exam for exam in exams if exam.views]
    assert len(with_images) == count
    classes = first_class(exams)
    assert len(classes) == count - count * 4 // 100
    assert Counter(classes.values()) == patients.quotas(len(classes), class_mix)
    assert len({exam.accession for exam in exams}) == len(exams)
    assert all(2014 <= exam.study_date.year <= 2019 and 37 <= exam.age <= 82 for exam in exams)


def test_default_demo():
    exams = demo()
    assert Counter(first_class(exams).values()) == {"a": 12, "b": 20, "c": 45, "d": 19}
    assert Counter(exam.fault for exam in exams if exam.fault) == {
        **dict.fromkeys(patients.REPORT_FAULTS, 2),
        **dict.fromkeys(patients.FILE_FAULTS, 1),
        "orphan": 2,
    }
    assert set(patients.DEVICES) == {exam.device for exam in exams}
    assert set(patients.SYNTAXES) == {exam.syntax for exam in exams}


@pytest.mark.parametrize("class_mix", ["natural", "equal"])
@pytest.mark.parametrize("count", [20, 24, 100, 1000])
def test_imperfections_stay_few_and_leave_every_class_its_patients(count, class_mix):
    exams = demo(count, class_mix=class_mix)
    lost = [exam for exam in exams if exam.fault in patients.REPORT_FAULTS]
    assert len(lost) <= max(2, 0.08 * count)
    labelled = {exam.patient: exam.density for exam in exams if exam.views and exam not in lost}
    assert min(Counter(labelled.values())[key] for key in patients.CLASSES) >= (6 if count >= 100 else 2)
    if (count, class_mix) == (24, "equal"):
        assert Counter(first_class(exams).values()) == dict.fromkeys(patients.CLASSES, 6)
        assert min(Counter(labelled.values()).values()) >= 3


def test_second_exams_are_of_another_year_and_nearly_the_same_class():
    exams = demo(1000)
    pairs = [(a, b) for a, b in pairwise(exams) if a.patient == b.patient]
    assert len(pairs) == 40
    for first, second in pairs:
        assert first.study_date.year != second.study_date.year
        assert first.birth_date == second.birth_date
        assert abs(patients.CLASSES.index(first.density) - patients.CLASSES.index(second.density)) <= 1


def test_a_patient_does_not_depend_on_the_size_of_the_demo():
    small, large = ({exam.patient: exam for exam in demo(count) if exam.number == 1} for count in (40, 200))
    for patient in range(1, 30):
        one, other = small[patient], large[patient]
        assert (one.study_date, one.birth_date, one.device, one.syntax) == (
            other.study_date,
            other.birth_date,
            other.device,
            other.syntax,
        )


def test_confounded_devices_see_their_own_mix_of_classes_and_change_nothing_else():
    for count, class_mix in [(20, "equal"), (100, "natural"), (1000, "equal")]:
        usual = demo(count, class_mix=class_mix)
        exams = patients.exams(count=count, seed=1, class_mix=class_mix, devices="confounded")
        assert [replace(exam, device="") for exam in exams] == [replace(exam, device="") for exam in usual]
        firsts = [exam for exam in exams if exam.number == 1 and exam.views]
        for key, shares in patients.CONFOUNDED.items():
            found = Counter(exam.device for exam in firsts if exam.density == key)
            for device, share in shares.items():
                assert abs(found[device] - share * found.total()) <= 1
    devices = {exam.patient: exam.device for exam in exams}
    assert all(exam.device == devices[exam.patient] for exam in exams)


def test_two_of_the_confounded_devices_have_one_tone_curve():
    one, other = (mammograms.pixels(file_of(device=device)) for device in ("linear", "linear_too"))
    assert np.array_equal(one, other)
    names = {dataset_of(file_of(device=d)).ManufacturerModelName for d in ("linear", "linear_too")}
    assert len(names) == 2
    first, second = patients.CONFOUNDED["a"], patients.CONFOUNDED["d"]
    assert first["linear"] > 2 * first["linear_too"]
    assert second["linear_too"] > 2 * second["linear"]


def test_independent_demo_keeps_its_patients():
    told = [(e.patient, e.number, e.density, e.share, e.device, e.syntax, e.study_date, e.fault) for e in demo()]
    assert hashlib.sha256(repr(told).encode()).hexdigest()[:16] == "8735da789f85f99b"


def test_device_is_independent_of_the_class():
    exams = demo(4000)
    for key in patients.CLASSES:
        found = Counter(exam.device for exam in exams if exam.density == key)
        for device, share in patients.DEVICES.items():
            assert found[device] / found.total() == pytest.approx(share, abs=0.08)


@settings(deadline=None, max_examples=20)
@given(count=COUNTS, shards=st.integers(1, 9))
def test_shards_partition_the_files(count, shards):
    files = [file.relative for file in patients.image_files(demo(count))]
    assert len(files) == len(set(files))
    parts = [{f for f in files if shard_of(f, shards) == shard} for shard in range(shards)]
    assert sum(map(len, parts)) == len(files)
    assert set().union(*parts) == set(files)


# Pictures


def rendered(share, view="CC", laterality="L", seed=0):
    rng = np.random.default_rng(seed)
    return phantoms.render(phantoms.Body.draw(rng), share=share, laterality=laterality, view=view, rng=rng)


@settings(deadline=None, max_examples=15)
@given(share=st.floats(0.05, 0.95), view=st.sampled_from(["CC", "MLO"]), seed=st.integers(0, 10_000))
def test_tissue_has_the_share_it_was_drawn_with(share, view, seed):
    phantom = rendered(share, view, seed=seed)
    assert phantom.share == pytest.approx(share, abs=0.002)
    assert phantom.signal.min() == 0
    assert phantom.signal.max() <= 1
    assert not phantom.signal[~phantom.breast].min() > 0
    assert (phantom.signal[phantom.breast] > 0).all()
    assert 0.08 < phantom.breast.mean() < 0.7


def test_shares_follow_the_order_of_the_classes():
    shares = {key: [exam.share for exam in demo(200) if exam.density == key] for key in patients.CLASSES}
    for key, following in zip("abc", "bcd", strict=True):
        assert max(shares[key]) < min(shares[following])
    bright = {
        key: np.mean([(rendered(np.mean(shares[key]), seed=s).signal > 0.5).mean() for s in range(4)]) for key in shares
    }
    assert bright["a"] < bright["b"] < bright["c"] < bright["d"]


@pytest.mark.parametrize("view", ["CC", "MLO"])
def test_chest_wall_lies_left_for_the_left_breast(view):
    left, right = (rendered(0.4, view, laterality).breast for laterality in "LR")
    assert left[:, 0].sum() > 100
    assert left[:, -1].sum() == 0
    assert np.array_equal(left, right[:, ::-1])


def test_only_mlo_shows_the_muscle():
    cc, mlo = rendered(0.1, "CC"), rendered(0.1, "MLO")
    assert cc.signal[5, 5] == 0
    assert mlo.signal[5, 5] > 0.6
    assert not mlo.breast[5, 5]


def test_device_curves_rise_and_differ():
    ramp = np.linspace(0.02, 1, 50, dtype=np.float32)
    curves = [mammograms.DEVICES[device].curve(ramp) for device in patients.DEVICES]
    assert all((np.diff(curve) > 0).all() and curve[0] > 0 and curve[-1] < 1 for curve in curves)
    middles = sorted(float(curve[25]) for curve in curves)
    assert min(np.diff(middles)) > 0.1


# Files


@pytest.mark.parametrize("syntax", patients.SYNTAXES)
@pytest.mark.parametrize("device", patients.DEVICES)
def test_every_syntax_decodes_to_the_pixels_rendered(device, syntax):
    file = file_of(device=device, syntax=syntax)
    dataset = dataset_of(file)
    assert dataset.file_meta.TransferSyntaxUID == mammograms.SYNTAXES[syntax]
    assert dataset.BitsStored == mammograms.DEVICES[device].bits
    assert np.array_equal(dataset.pixel_array, mammograms.pixels(file))


@pytest.mark.parametrize("device", patients.DEVICES)
def test_air_is_dark_whatever_the_polarity(device):
    dataset = dataset_of(file_of(device=device))
    highest = (1 << dataset.BitsStored) - 1
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
    assert inverted == mammograms.DEVICES[device].inverted
    assert dataset.PresentationLUTShape == ("INVERSE" if inverted else "IDENTITY")
    shown = highest - dataset.pixel_array if inverted else dataset.pixel_array
    assert shown[:, -10:].max() <= 0.001 * highest  # beside the marker, far from a left breast
    assert np.median(shown[200:300, :60]) > 0.05 * highest


def test_files_are_the_same_bytes_every_time():
    for syntax in patients.SYNTAXES:
        assert mammograms.encode(file_of(syntax=syntax)) == mammograms.encode(file_of(syntax=syntax))
    one, other = (mammograms.encode(file_of(view=view)) for view in ("CC", "MLO"))
    assert one != other


def test_header_says_what_it_shows():
    for laterality, view in patients.VIEWS:
        dataset = dataset_of(file_of(laterality=laterality, view=view))
        assert (dataset.ImageLaterality, dataset.ViewPosition) == (laterality, view)
        assert dataset.ViewCodeSequence[0].CodeValue == mammograms.VIEW_CODES[view][0]
        assert len(dataset.ViewCodeSequence[0].ViewModifierCodeSequence) == 0
        assert dataset.PatientOrientation[0] == ("A" if laterality == "L" else "P")
        assert str(dataset.PatientName) == "Demo^Paciente 001"
        assert dataset.PatientID == "DEMO0001"


def test_instances_have_uids_of_their_own_and_views_share_study_and_series():
    exam = next(exam for exam in demo() if exam.fault == "for_processing")
    found = [dataset_of(file) for file in patients.image_files([exam])]
    assert len({dataset.SOPInstanceUID for dataset in found}) == 5
    assert len({dataset.StudyInstanceUID for dataset in found}) == 1
    assert len({dataset.SeriesInstanceUID for dataset in found}) == 2


def with_fault(fault):
    exam = next(exam for exam in demo() if exam.fault == fault)
    return patients.image_files([exam])


@pytest.mark.filterwarnings("ignore:End of file reached")
def test_faulty_files_are_as_planned(tmp_path):
    duplicated = with_fault("duplicated")
    rows = [mammograms.write(file, tmp_path) for file in (duplicated[0], duplicated[-1])]
    first, second = ((tmp_path / row["relative"]).read_bytes() for row in rows)
    assert first == second
    assert rows[0]["bytes"] == len(first)
    assert len(with_fault("three_views")) == 3
    with pytest.raises((ValueError, AttributeError, EOFError)):
        pydicom.dcmread(io.BytesIO(mammograms.encode(with_fault("broken")[-1]))).pixel_array  # noqa: B018
    raw = dataset_of(with_fault("for_processing")[-1])
    assert raw.PresentationIntentType == "FOR PROCESSING"
    enlarged = dataset_of(with_fault("magnification")[-1])
    assert enlarged.ViewCodeSequence[0].ViewModifierCodeSequence[0].CodeValue == "399163009"


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dciodvfy is not installed: make test-tools installs it")
@pytest.mark.parametrize("kind", mammograms.KINDS)
@pytest.mark.parametrize("syntax", patients.SYNTAXES)
@pytest.mark.parametrize("device", patients.DEVICES)
def test_dciodvfy_finds_no_error(tmp_path, device, syntax, kind):
    views = patients.VIEWS if kind == "screening" else (("L", "CC"),)
    for laterality, view in views:
        file = file_of(device=device, syntax=syntax, laterality=laterality, view=view, kind=kind)
        path = tmp_path / f"{laterality}{view}.dcm"
        path.write_bytes(mammograms.encode(file))
        result = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        lines = (result.stdout + result.stderr).splitlines()
        assert any("Mammography" in line for line in lines), lines
        assert [line for line in lines if line.startswith("Error")] == []


# Reports


def test_reports_state_what_the_plan_says():
    expected = {"ambiguous": "ambiguous", "silent": "none"}
    for exam in demo(300):
        report = reports.report(exam)
        if exam.fault == "missing":
            assert report is None
        else:
            assert report.stated == expected.get(exam.fault, exam.density)


def test_reports_are_the_same_text_every_time_and_unlike_each_other():
    texts = [report.text for report in map(reports.report, demo()) if report]
    assert texts == [report.text for report in map(reports.report, demo()) if report]
    assert len({text.split("\n", 1)[1] for text in texts}) > 95


def test_every_clear_report_holds_a_wording_of_its_class(monkeypatch):
    monkeypatch.setattr(reports, "_with_errors", lambda text, rng: text)
    for exam in demo(400):
        report = reports.report(exam)
        if report is None or report.stated not in patients.CLASSES:
            continue
        key = report.stated
        known = [*reports.WORDINGS[key], *(c.format(upper=key.upper(), lower=key) for c in reports.CODES)]
        assert any(wording.upper() in report.text.upper() for wording in known)


def test_wordings_are_of_one_class_each():
    said = [wording for wordings in reports.WORDINGS.values() for wording in wordings]
    assert len(said) == len(set(said))


def test_errors_leave_codes_alone():
    text = "Mamas heterogéneamente densas (ACR tipo c). Categoría BI-RADS 2. Patrón ACR IV."
    for seed in range(200):
        wrong = " ".join(reports._with_errors(text, np.random.default_rng(seed)).split())
        assert "(ACR tipo c)" in wrong
        assert "ACR IV." in wrong


def test_reports_name_only_demo_patients():
    for exam in demo():
        report = reports.report(exam)
        if report:
            assert report.text.startswith(f"Paciente: Demo Paciente {exam.patient:03d}   Estudio: {exam.accession}")
            report.text.encode("utf-8")
