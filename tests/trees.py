"""Small trees of DICOM files in exactly the layouts of VinDr-Mammo, RSNA 2023 and EMBED, their traps included."""

import hashlib

import pydicom

from tests.small_sets import table
from tests.test_scanning import mammogram

SCREENING = [(side, view) for side in "LR" for view in ("CC", "MLO")]
# What is left of the headers of each data set, beside what decoding needs.
_PIXELS = (
    "SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation", "PixelData",
)  # fmt: skip
_KEPT = {
    "vindr_mammo": ("SOPClassUID", "SOPInstanceUID", "Modality", "Manufacturer", "ManufacturerModelName", "PatientAge"),
    "rsna": ("SOPInstanceUID", "PatientID"),
    "embed": ("SOPClassUID", "SOPInstanceUID", "Modality", "Manufacturer", "ManufacturerModelName"),
}


def hashed(name):
    """An id as VinDr-Mammo writes them: 32 hexadecimal digits."""
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def dicom(kind, path, rng, **tags):
    """A DICOM file with as much of a header as this data set leaves."""
    dataset, _ = mammogram(rng)
    for element in list(dataset):
        if element.keyword not in (*_PIXELS, *_KEPT[kind]):
            del dataset[element.tag]
    for tag, value in tags.items():
        setattr(dataset, tag, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)


VINDR_COLUMNS = [
    "study_id", "series_id", "image_id", "laterality", "view_position", "height", "width", "breast_birads",
    "breast_density", "split",
]  # fmt: skip
FINDING_COLUMNS = [
    *VINDR_COLUMNS[:-1], "finding_categories", "finding_birads", "xmin", "ymin", "xmax", "ymax", "split",
]  # fmt: skip


def vindr_mammo(root, rng, *, densities="ABCD", count=12):
    """`count` studies whose densities take turns; every third study is of the test part, and has an outlined mass."""
    breasts, findings = [], []
    for number in range(count):
        study, density = hashed(f"study {number}"), densities[number % len(densities)]
        # Each class has studies in both parts.
        is_test = number // len(densities) % 3 == 2
        for side, view in SCREENING:
            image = hashed(f"image {number} {side} {view}")
            dicom("vindr_mammo", root / f"images/{study}/{image}.dicom", rng)
            about = [study, hashed(f"series {number}"), image, side, view, 3518, 2800, "BI-RADS 2"]
            about.append(f"DENSITY {density}" if density else "")
            part = "test" if is_test else "training"
            breasts.append([*about, part])
            findings.append([*about, "['No Finding']", "", "", "", "", "", part])
        if is_test:
            findings[-1] = [*about, "['Mass', 'Skin Thickening']", "BI-RADS 4", 10.5, 20.0, 30.0, 40.0, part]
    table(root / "breast-level_annotations.csv", VINDR_COLUMNS, breasts)
    table(root / "finding_annotations.csv", FINDING_COLUMNS, findings)
    return root


RSNA_COLUMNS = [
    "site_id", "patient_id", "image_id", "laterality", "view", "age", "cancer", "biopsy", "invasive", "BIRADS",
    "implant", "density", "machine_id", "difficult_negative_case",
]  # fmt: skip


def rsna_row(patient, image, side="L", view="CC", **said):
    """A row of train.csv."""
    usual = {
        "site_id": 2, "patient_id": patient, "image_id": image, "laterality": side, "view": view, "age": 61.0,
        "cancer": 0, "biopsy": 0, "invasive": 0, "BIRADS": "", "implant": 0, "density": "", "machine_id": 29,
        "difficult_negative_case": False,
    }  # fmt: skip
    return [str(value) for value in (usual | said).values()]


def rsna(root, rng, rows):
    """Rows of train.csv, and the image of each."""
    table(root / "train.csv", RSNA_COLUMNS, rows)
    for _, patient, image, *_ in rows:
        dicom("rsna", root / f"train_images/{patient}/{image}.dcm", rng)
    return root


def rsna_patients(*, densities=("A", "B", "C", "D"), count=12):
    """Rows of `count` patients, whose densities take turns."""
    return [
        rsna_row(10_000 + number, 900_000_000 + 4 * number + place, side, view, density=densities[number % 4])
        for number in range(count)
        for place, (side, view) in enumerate(SCREENING)
    ]


METADATA_COLUMNS = [
    "", "anon_dicom_path", "empi_anon", "acc_anon", "study_date_anon", "StudyDescription", "SeriesDescription",
    "FinalImageType", "ImageLateralityFinal", "ViewPosition", "spot_mag", "ROI_coords", "num_roi", "match_level",
    "Manufacturer", "ManufacturerModelName",
]  # fmt: skip
CLINICAL_COLUMNS = ["", "empi_anon", "acc_anon", "study_date_anon", "tissueden", "desc", "side", "asses", "numfind"]


def embed_image(patient, exam, image, side="L", view="CC", **said):
    """A row of the metadata table, whose path begins with a folder of the authors."""
    path = f"/mnt/NAS2/mammo/anon_dicom/cohort_1/{patient}/1.2.3.{exam}/1.2.3.4/{image}.dcm"
    usual = {
        "": 0, "path": path, "empi_anon": patient, "acc_anon": exam, "date": "2013-05-29", "study": "MG Screen",
        "series": f"{side} {view}", "FinalImageType": "2D", "side": side, "view": view, "spot_mag": "",
        "ROI_coords": "()", "num_roi": 0, "match_level": "", "maker": "HOLOGIC, Inc.", "model": "Lorad Selenia",
    }  # fmt: skip
    return [str(value) for value in (usual | said).values()]


def embed_finding(patient, exam, tissueden, side="", asses="N", number=1):
    """A row of the clinical table."""
    return ["0", str(patient), str(exam), "2013-05-29", str(tissueden), "MG Screen", side, asses, str(number)]


def embed(root, rng, images, findings, *, folder="tables/", size=""):
    """Rows of the metadata table with the image of each, and rows of the clinical table."""
    table(root / f"{folder}EMBED_OpenData_metadata{size}.csv", METADATA_COLUMNS, images)
    table(root / f"{folder}EMBED_OpenData_clinical{size}.csv", CLINICAL_COLUMNS, findings)
    for row in images:
        dicom("embed", root / "images" / row[1][row[1].index("cohort_1") :], rng)
    return root


def embed_patients(*, densities=("1.0", "2.0", "3.0", "4.0"), count=12):
    """Rows of both tables of `count` patients, whose densities take turns."""
    images, findings = [], []
    for number in range(count):
        patient, exam = 10_000_000 + number, 6_177_474_846_270_020 + number
        images += [embed_image(patient, exam, f"1.2.{number}.{place}", *view) for place, view in enumerate(SCREENING)]
        findings.append(embed_finding(patient, exam, densities[number % 4]))
    return images, findings
