"""Phantoms as the DICOM files of invented devices. The same file has the same bytes in every run."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from mammoflow.demo import phantoms
from mammoflow.demo.patients import PIXELS, SHAPE, VIEWS, ImageFile, generator_of
from mammoflow.demo.phantoms import Floats
from mammoflow.files import atomic

Stored = NDArray[np.uint16]

FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2"
FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
SYNTAXES = {"explicit": ExplicitVRLittleEndian, "rle": RLELossless, "jpeg2000": JPEG2000Lossless}
# The kind of a file in the random stream of its pixels, so that a magnification is another exposure.
KINDS = ("screening", "for_processing", "magnification")
# SNOMED CT codes of the views (DICOM CID 4014).
VIEW_CODES = {"CC": ("399162004", "cranio-caudal"), "MLO": ("399368009", "medio-lateral oblique")}
# Directions of the image's rows and columns: from the chest wall (P) to the nipple (A), and so on.
ORIENTATIONS = {
    ("L", "CC"): ["A", "R"],
    ("R", "CC"): ["P", "L"],
    ("L", "MLO"): ["A", "FR"],
    ("R", "MLO"): ["P", "FL"],
}


@dataclass(frozen=True)
class Device:
    """How one device shows brightness."""

    manufacturer: str
    model: str
    bits: int
    inverted: bool  # MONOCHROME1: air is the highest value
    curve: Callable[[Floats], Floats]  # from brightness to stored range, both [0, 1] and rising
    relationship: str  # PixelIntensityRelationship
    noise: float  # standard deviation, as a share of the brightness range
    dark_noise: float  # mean absolute value of the noise in the air, in stored values

    @property
    def highest(self) -> int:
        """The highest stored value."""
        return (1 << self.bits) - 1


_LINEAR = Device("Demo Uno", "Phantom 12 Linear", 12, False, lambda s: 0.03 + 0.87 * s, "LIN", 0.010, 0)
DEVICES = {
    "linear": _LINEAR,
    # Another device, but the same picture: only in the demo whose devices see different mixes of classes.
    "linear_too": replace(_LINEAR, manufacturer="Demo Cuatro", model="Phantom 12 Linear Too"),
    "logarithmic": Device(
        "Demo Dos", "Phantom 14 Log", 14, False, lambda s: np.log1p(12 * s) / np.log(13) * 0.95, "LOG", 0.008, 1.5
    ),
    "film_like": Device("Demo Tres", "Phantom 10 Film", 10, True, lambda s: 0.02 + 0.95 * s**1.9, "LOG", 0.014, 0),
}


def write(file: ImageFile, folder: Path) -> dict[str, object]:
    """Make one file of the demo.

    Returns
    -------
    dict
        The file's row of `tables.INPUT_FILES`; its time is 0, because it says nothing about the content.
    """
    content = encode(file)
    path = folder / file.relative
    with atomic(path) as temporary:
        temporary.write_bytes(content)
    return {"relative": file.relative, "path": str(path), "bytes": len(content), "mtime_ns": 0}


def encode(file: ImageFile) -> bytes:
    """The bytes of a file: DICOM, cut short if the file is to be broken."""
    device = DEVICES[file.exam.device]
    inverted = device.inverted or file.kind == "for_processing"
    dataset = _header(file, device, inverted=inverted)
    _add_pixels(dataset, pixels(file), device, SYNTAXES[file.exam.syntax], inverted=inverted)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    content = buffer.getvalue()
    return content[: len(content) * 6 // 10] if file.broken else content


def pixels(file: ImageFile) -> Stored:
    """Stored values of a file, (ROWS, COLUMNS), as a decoder gives them back; inverted where the file is."""
    exam = file.exam
    rng = generator_of(exam, PIXELS, KINDS.index(file.kind), VIEWS.index((file.laterality, file.view)))
    phantom = phantoms.render(
        phantoms.Body.draw(generator_of(exam, SHAPE)),
        share=exam.share,
        laterality=file.laterality,
        view=file.view,
        rng=rng,
    )
    signal = phantom.signal
    if file.kind == "magnification":
        signal = phantoms.magnified(signal)
    if rng.random() < 0.3:
        phantoms.add_marker(signal, file.laterality)
    device = DEVICES[exam.device]
    if file.kind == "for_processing":
        return _raw_values(signal, device, rng)
    return stored_values(signal, device, rng)


def stored_values(signal: Floats, device: Device, rng: np.random.Generator) -> Stored:
    """Stored values of a picture as this device makes it ready for reading.

    Parameters
    ----------
    signal
        (ROWS, COLUMNS), brightness in [0, 1]; exactly 0 in the air.
    device
        Gives curve, bits and polarity.
    rng
        Makes the exposure and its noise.
    """
    exposure = np.float32(rng.uniform(0.95, 1.05))
    noise = rng.standard_normal(signal.shape, dtype=np.float32) * np.float32(device.noise)
    shown = device.curve(np.clip(signal * exposure + noise, 0, 1)) * device.highest
    air = np.abs(rng.standard_normal(signal.shape, dtype=np.float32)) * np.float32(1.25 * device.dark_noise)
    values = np.clip(np.rint(np.where(signal > 0, shown, air)), 0, device.highest).astype(np.uint16)
    return device.highest - values if device.inverted else values


def _raw_values(signal: Floats, device: Device, rng: np.random.Generator) -> Stored:
    """What the detector counts before any processing: the more tissue, the fewer quanta."""
    quanta = 0.9 * device.highest * np.exp(-2.5 * signal)
    noise = rng.standard_normal(signal.shape, dtype=np.float32) * np.sqrt(quanta)
    return np.clip(np.rint(quanta + noise), 0, device.highest).astype(np.uint16)


def _add_pixels(dataset: FileDataset, values: Stored, device: Device, syntax: str, *, inverted: bool) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    dataset.Rows, dataset.Columns = values.shape
    dataset.BitsAllocated = 16
    dataset.BitsStored = device.bits
    dataset.HighBit = device.bits - 1
    dataset.PixelRepresentation = 0
    if syntax == ExplicitVRLittleEndian:
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.set_pixel_data(values, dataset.PhotometricInterpretation, device.bits, generate_instance_uid=False)
    else:
        dataset.compress(syntax, values, encoding_plugin="pylibjpeg", generate_instance_uid=False)


def _header(file: ImageFile, device: Device, *, inverted: bool) -> FileDataset:
    """Everything but the pixels."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = FOR_PROCESSING if file.kind == "for_processing" else FOR_PRESENTATION
    meta.MediaStorageSOPInstanceUID = _uid(file, "instance", file.instance)
    meta.ImplementationClassUID = _fixed_uid("mammoflow demo")
    meta.ImplementationVersionName = "MAMMOFLOW_DEMO"
    dataset = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    _add_patient(dataset, file)
    _add_study(dataset, file)
    _add_equipment(dataset, file, device)
    _add_view(dataset, file)
    _add_presentation(dataset, file, device, inverted=inverted)
    return dataset


def _add_patient(dataset: FileDataset, file: ImageFile) -> None:
    exam = file.exam
    dataset.PatientName = f"Demo^Paciente {exam.patient:03d}"
    dataset.PatientID = exam.patient_id
    dataset.PatientBirthDate = f"{exam.birth_date:%Y%m%d}"
    dataset.PatientSex = "F"
    dataset.PatientAge = f"{exam.age:03d}Y"


def _add_study(dataset: FileDataset, file: ImageFile) -> None:
    exam = file.exam
    day, time = f"{exam.study_date:%Y%m%d}", f"{8 + exam.patient % 10:02d}{exam.patient % 60:02d}"
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = day
    dataset.StudyTime = dataset.SeriesTime = f"{time}00"
    dataset.AcquisitionTime = dataset.ContentTime = f"{time}{10 * file.instance:02d}"
    dataset.AccessionNumber = exam.accession
    dataset.StudyID = exam.accession
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = "MAMOGRAFIA BILATERAL"
    dataset.StudyInstanceUID = _uid(file, "study")
    # Raw images are a series of their own, as on real devices: a series has one intent.
    raw = file.kind == "for_processing"
    dataset.SeriesInstanceUID = _uid(file, "series", int(raw))
    dataset.SeriesNumber = 2 if raw else 1
    dataset.InstanceNumber = file.instance
    dataset.Modality = "MG"


def _add_equipment(dataset: FileDataset, file: ImageFile, device: Device) -> None:
    dataset.Manufacturer = device.manufacturer
    dataset.ManufacturerModelName = device.model
    dataset.InstitutionName = "Hospital Demo"
    dataset.StationName = f"DEMO{device.bits}"
    dataset.DeviceSerialNumber = f"000{device.bits}"
    dataset.SoftwareVersions = "1.0"
    dataset.DetectorType = "DIRECT"
    dataset.DetectorID = f"D{device.bits}"
    dataset.ImagerPixelSpacing = [phantoms.PIXEL_SPACING, phantoms.PIXEL_SPACING]
    dataset.PositionerType = "MAMMOGRAPHIC"
    dataset.PositionerPrimaryAngle = {"CC": "0", "MLO": "45"}[file.view]
    dataset.DistanceSourceToDetector = "660"
    dataset.DistanceSourceToPatient = "400" if file.kind == "magnification" else "600"
    dataset.EstimatedRadiographicMagnificationFactor = "1.65" if file.kind == "magnification" else "1.1"
    dataset.KVP = "29"
    dataset.ExposureTime = "900"
    dataset.Exposure = "80"
    dataset.AnodeTargetMaterial = "TUNGSTEN"
    dataset.FilterMaterial = "RHODIUM"
    dataset.BodyPartThickness = "55"
    dataset.CompressionForce = "100"


def _add_view(dataset: FileDataset, file: ImageFile) -> None:
    dataset.BodyPartExamined = "BREAST"
    dataset.AnatomicRegionSequence = Sequence([_code("76752008", "Breast")])
    dataset.OrganExposed = "BREAST"
    dataset.ImageLaterality = file.laterality
    dataset.ViewPosition = file.view
    view = _code(*VIEW_CODES[file.view])
    modifiers = [_code("399163009", "magnification")] if file.kind == "magnification" else []
    view.ViewModifierCodeSequence = Sequence(modifiers)
    dataset.ViewCodeSequence = Sequence([view])
    dataset.PatientOrientation = ORIENTATIONS[file.laterality, file.view]
    dataset.BreastImplantPresent = "NO"
    dataset.PartialView = "YES" if file.kind == "magnification" else "NO"
    if file.kind == "magnification":
        dataset.PaddleDescription = "MAGNIFICATION"
    dataset.AcquisitionContextSequence = Sequence([])


def _add_presentation(dataset: FileDataset, file: ImageFile, device: Device, *, inverted: bool) -> None:
    raw = file.kind == "for_processing"
    dataset.ImageType = ["ORIGINAL" if raw else "DERIVED", "PRIMARY"]
    dataset.PresentationIntentType = "FOR PROCESSING" if raw else "FOR PRESENTATION"
    dataset.PixelIntensityRelationship = "LIN" if raw else device.relationship
    # 1: higher stored values are more quanta, that is less tissue; -1: the reverse.
    dataset.PixelIntensityRelationshipSign = 1 if inverted else -1
    dataset.RescaleSlope = "1"
    dataset.RescaleIntercept = "0"
    dataset.RescaleType = "US"
    dataset.PresentationLUTShape = "INVERSE" if inverted else "IDENTITY"
    dataset.LossyImageCompression = "00"
    dataset.BurnedInAnnotation = "NO"
    dataset.QualityControlImage = "NO"
    if not raw:
        dataset.DerivationDescription = "Demo"
        dataset.WindowCenter = str((device.highest + 1) // 2)
        dataset.WindowWidth = str(device.highest + 1)


def _code(value: str, meaning: str) -> Dataset:
    """An item of a SNOMED CT code sequence."""
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "SCT"
    item.CodeMeaning = meaning
    return item


def _uid(file: ImageFile, *parts: object) -> str:
    return _fixed_uid("mammoflow demo", file.exam.seed, file.exam.accession, *parts)


def _fixed_uid(*parts: object) -> str:
    """A UID that follows from its parts: 2.25 and a number of 128 bits."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"
