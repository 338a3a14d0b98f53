"""Who is in the demo: patients, exams, and the files that its PACS would export. Draws no pixel, writes nothing.

Classes, second exams and imperfections are given out by quota, so that a small demo has each of them. Everything else
of a patient follows from the seed and the patient's number alone, never from the shard or the number of shards.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

CLASSES = ("a", "b", "c", "d")  # BI-RADS density, from fatty to dense
NATURAL = {"a": 0.12, "b": 0.21, "c": 0.47, "d": 0.20}  # a screening population
# Share of the breast's area that is fibroglandular tissue. Gaps between the classes: the truth is not in doubt.
SHARES = {"a": (0.05, 0.20), "b": (0.25, 0.45), "c": (0.50, 0.70), "d": (0.78, 0.95)}

DEVICES = {"linear": 0.42, "logarithmic": 0.33, "film_like": 0.25}  # name: share of the exams
# Shares of the patients of a class where devices see different mixes of classes. `linear_too` has the tone curve of
# `linear`, but mostly dense breasts where that has fatty ones: what tells the two apart is whom they see, not how.
CONFOUNDED = {
    "a": {"linear": 0.50, "linear_too": 0.15, "logarithmic": 0.20, "film_like": 0.15},
    "b": {"linear": 0.40, "linear_too": 0.15, "logarithmic": 0.15, "film_like": 0.30},
    "c": {"linear": 0.15, "linear_too": 0.40, "logarithmic": 0.15, "film_like": 0.30},
    "d": {"linear": 0.15, "linear_too": 0.50, "logarithmic": 0.20, "film_like": 0.15},
}
SYNTAXES = {"explicit": 0.45, "rle": 0.25, "jpeg2000": 0.30}
VIEWS = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))

# Imperfections: how many in 100 exams. Small demos have fewer, but at least one of each but for `silent`.
REPORT_FAULTS = ("ambiguous", "missing", "silent")  # unclear report, no report, report that states no density
REPORT_FAULTS_PERCENT = 6
FILE_FAULTS = ("three_views", "duplicated", "broken", "for_processing", "magnification")  # 1 in 100 each
ORPHAN_REPORTS_PERCENT = 2
SECOND_EXAMS_PERCENT = 4
LEAST_PATIENTS = 3  # of a class: fewer cannot be split in three

# What a draw is for: another stream of random numbers each, so that one more draw here moves nothing there.
# (From 1: numpy's seeds take a trailing 0 for none.)
PATIENT, EXAM, SHAPE, PIXELS, REPORT, DEVICE = range(1, 7)


@dataclass(frozen=True)
class Exam:
    """An exam of the demo, and what was drawn for it."""

    seed: int
    patient: int  # from 1
    number: int  # the patient's first exam is 1
    density: str  # one of CLASSES
    share: float  # fibroglandular share of the breast's area
    device: str  # one of `mammograms.DEVICES`
    syntax: str  # one of SYNTAXES
    birth_date: date
    study_date: date
    fault: str = ""  # one of REPORT_FAULTS or FILE_FAULTS, or "orphan": a report without images

    @property
    def patient_id(self) -> str:
        """PatientID of the hospital."""
        return f"DEMO{self.patient:04d}"

    @property
    def accession(self) -> str:
        """AccessionNumber of the hospital."""
        return f"DA{10 * self.patient + self.number:06d}"

    @property
    def age(self) -> int:
        """Whole years at the exam."""
        born, seen = self.birth_date, self.study_date
        return seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))

    @property
    def views(self) -> tuple[tuple[str, str], ...]:
        """Laterality and view of each screening image."""
        if self.fault == "orphan":
            return ()
        return VIEWS[:3] if self.fault == "three_views" else VIEWS


@dataclass(frozen=True)
class ImageFile:
    """A file of the demo's PACS export."""

    relative: str  # path below the folder of the export
    exam: Exam
    instance: int  # InstanceNumber; the same for a file and its duplicate
    laterality: str
    view: str
    kind: str = "screening"  # or for_processing, magnification
    broken: bool = False  # cut short, as by a copy that stopped


def exams(*, count: int, seed: int, class_mix: str, devices: str = "independent") -> list[Exam]:
    """All exams of the demo, in order of patients.

    Parameters
    ----------
    count
        Exams with images; orphan reports come on top.
    seed
        Another seed makes other patients.
    class_mix
        `natural` or `equal`.
    devices
        `independent`: every device sees the same mix of classes. `confounded`: each sees its own, as when the
        screening unit and the hospital send to one archive.
    """
    second = count * SECOND_EXAMS_PERCENT // 100
    orphans = max(1, count * ORPHAN_REPORTS_PERCENT // 100)
    classes = _classes(count - second, class_mix=class_mix, seed=seed)
    # Faults come from one end of this order and second exams from the other, so that they rarely meet.
    order = _interleaved(classes, seed=seed)
    faults = dict(zip(order, _faults(count), strict=False))
    again = set(order[len(order) - second :])
    found = []
    for patient, density in enumerate(classes, start=1):
        found.append(_first_exam(seed=seed, patient=patient, density=density, fault=faults.get(patient, "")))
        if patient in again:
            found.append(_second_exam(found[-1]))
    for patient in range(len(classes) + 1, len(classes) + orphans + 1):
        density = str(_generator(seed, patient, EXAM).choice(CLASSES, p=list(NATURAL.values())))
        found.append(_first_exam(seed=seed, patient=patient, density=density, fault="orphan"))
    if devices == "confounded":
        of_patient = _confounded(classes, seed=seed)
        found = [replace(exam, device=of_patient.get(exam.patient, exam.device)) for exam in found]
    return found


def image_files(exams: list[Exam]) -> list[ImageFile]:
    """All files of the PACS export of these exams."""
    return [file for exam in exams for file in _files_of(exam)]


def generator_of(exam: Exam, *stream: int) -> np.random.Generator:
    """Random numbers of one thing drawn for an exam, such as `REPORT`; SHAPE is the patient's, whatever the exam."""
    number = () if stream[0] == SHAPE else (exam.number,)
    return _generator(exam.seed, exam.patient, *stream, *number)


def quotas(patients: int, class_mix: str) -> dict[str, int]:
    """Patients of each class: the shares of the mix, rounded by largest remainder, with LEAST_PATIENTS each."""
    shares = NATURAL if class_mix == "natural" else dict.fromkeys(CLASSES, 1 / len(CLASSES))
    exact = {key: share * patients for key, share in shares.items()}
    counts = {key: int(value) for key, value in exact.items()}
    by_remainder = sorted(CLASSES, key=lambda key: counts[key] - exact[key])
    for key in by_remainder[: patients - sum(counts.values())]:
        counts[key] += 1
    while min(counts.values()) < LEAST_PATIENTS < max(counts.values()):
        counts[min(counts, key=lambda key: counts[key])] += 1
        counts[max(counts, key=lambda key: counts[key])] -= 1
    return counts


def _generator(*stream: int) -> np.random.Generator:
    return np.random.default_rng(stream)


def _classes(patients: int, *, class_mix: str, seed: int) -> list[str]:
    """The class of each patient, in order of patients."""
    classes = [key for key, number in quotas(patients, class_mix).items() for _ in range(number)]
    return [classes[i] for i in _generator(seed, 0, PATIENT).permutation(patients)]


def _confounded(classes: list[str], *, seed: int) -> dict[int, str]:
    """The device of each patient, by quota within the class: small demos have every class on every device."""
    order = _generator(seed, 0, DEVICE).permutation(len(classes)).tolist()
    found: dict[int, str] = {}
    for key, shares in CONFOUNDED.items():
        own = [patient for patient in order if classes[patient] == key]
        ends = np.cumsum(list(shares.values()))
        for place, patient in enumerate(own):
            found[patient + 1] = list(shares)[int(np.searchsorted(ends, (place + 0.5) / len(own)))]
    return found


def _interleaved(classes: list[str], *, seed: int) -> list[int]:
    """Patients in an order whose every stretch has the mix of classes: no class pays for all imperfections."""
    place: dict[int, tuple[float, str]] = {}
    seen = dict.fromkeys(CLASSES, 0)
    for patient in _generator(seed, 0, EXAM).permutation(len(classes)).tolist():
        key = classes[patient]
        place[patient + 1] = ((seen[key] + 0.5) / classes.count(key), key)
        seen[key] += 1
    return sorted(place, key=lambda patient: place[patient])


def _faults(count: int) -> list[str]:
    """The imperfections of a demo of this many exams, those of the reports first."""
    reports = max(2, count * REPORT_FAULTS_PERCENT // 100)
    files = FILE_FAULTS * max(1, count // 100)
    return [REPORT_FAULTS[i % len(REPORT_FAULTS)] for i in range(reports)] + list(files)


def _first_exam(*, seed: int, patient: int, density: str, fault: str) -> Exam:
    rng = _generator(seed, patient, PATIENT)
    study_date = date(2014, 1, 1) + timedelta(days=int(rng.integers(0, 6 * 365)))
    age_in_days = int(np.clip(rng.normal(57, 8), 40, 80) * 365.25)
    return Exam(
        seed=seed,
        patient=patient,
        number=1,
        density=density,
        share=float(rng.uniform(*SHARES[density])),
        device=str(rng.choice(list(DEVICES), p=list(DEVICES.values()))),
        syntax=str(rng.choice(list(SYNTAXES), p=list(SYNTAXES.values()))),
        birth_date=study_date - timedelta(days=age_in_days),
        study_date=study_date,
        fault=fault,
    )


def _second_exam(first: Exam) -> Exam:
    """An exam of the same patient in another year: the class stays, or moves by one."""
    rng = _generator(first.seed, first.patient, PATIENT, 2)
    density = first.density
    if rng.random() < 0.3:
        neighbour = CLASSES.index(density) + (1 if rng.random() < 0.2 else -1)
        density = CLASSES[int(np.clip(neighbour, 0, len(CLASSES) - 1))]
    years = int(rng.integers(1, 3)) * (1 if first.study_date.year < 2018 else -1)
    return Exam(
        seed=first.seed,
        patient=first.patient,
        number=2,
        density=density,
        share=float(rng.uniform(*SHARES[density])),
        device=str(rng.choice(list(DEVICES), p=list(DEVICES.values()))),
        syntax=str(rng.choice(list(SYNTAXES), p=list(SYNTAXES.values()))),
        birth_date=first.birth_date,
        study_date=first.study_date.replace(year=first.study_date.year + years, day=min(first.study_date.day, 28)),
    )


def _files_of(exam: Exam) -> list[ImageFile]:
    folder = f"PAC{exam.patient:04d}/EX{10 * exam.patient + exam.number:06d}"
    last = len(exam.views)
    files = [
        ImageFile(
            relative=f"{folder}/IM{instance:04d}.dcm",
            exam=exam,
            instance=instance,
            laterality=laterality,
            view=view,
            broken=exam.fault == "broken" and instance == last,
        )
        for instance, (laterality, view) in enumerate(exam.views, start=1)
    ]
    if exam.fault in ("for_processing", "magnification"):
        files.append(ImageFile(f"{folder}/IM0005.dcm", exam, 5, "L", "CC", kind=exam.fault))
    if exam.fault == "duplicated":
        files.append(ImageFile(f"{folder}/IM0005.dcm", exam, files[0].instance, *exam.views[0]))
    return files
