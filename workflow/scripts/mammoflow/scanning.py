"""Scan: from a file to its row in the accounts and its 16-bit picture, decoded once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mammoflow import intensity, pictures, tables
from mammoflow.dicom import decoding, headers
from mammoflow.dicom.headers import Header, Refused
from mammoflow.files import sha256
from mammoflow.guard import Died, Guard
from mammoflow.privacy import Pseudonyms
from mammoflow.work import key_of

# A full-field mammogram decodes in under a second; a gigabyte holds it many times.
SECONDS = 30.0
GIGABYTES = 4.0

Row = dict[str, Any]


@dataclass(frozen=True)
class Scanner:
    """Scans one file at a time.

    Parameters
    ----------
    pseudonyms
        Makes the ids of the tables.
    describe
        For picture files, which have no header: what their relative path says of them. None for DICOM files.
    longest_side
        Pixels of the longest side of the picture kept.
    work
        Folder of the pictures.
    code
        Hash of the code that makes pictures, part of their keys.
    exam_key
        Tag of a DICOM header that names the exam.
    """

    pseudonyms: Pseudonyms
    describe: Callable[[str], Header] | None
    longest_side: int
    work: Path
    code: str
    exam_key: str = "AccessionNumber"

    def scan(self, file: tuple[str, str]) -> Row:
        """The row of a file, given as its relative path and its path; whatever is wrong with it stands in the row."""
        relative, path = file[0], Path(file[1])
        file_id = self.pseudonyms.of("file", relative)
        row: Row = {"image_id": file_id, "file_id": file_id, "status": "accepted"}
        try:
            row["file_sha256"] = sha256(path)
            row |= self._dicom(path, row) if self.describe is None else self._picture(relative, path, row)
        except FileNotFoundError:
            row |= {"status": "quarantined", "reason": "vanished"}
        except PermissionError:
            row |= {"status": "quarantined", "reason": "unreadable"}
        except MemoryError:
            row |= {"status": "quarantined", "reason": "too_large"}
        return row

    def _dicom(self, path: Path, row: Row) -> Row:
        try:
            dataset = headers.read(path)
        except Refused as refused:
            return _refusal(refused)
        found = self._named(headers.describe(dataset, exam_key=self.exam_key)) | {
            "rows": int(dataset.Rows),
            "columns": int(dataset.Columns),
            "bits_stored": int(dataset.BitsStored),
            "photometric": str(dataset.get("PhotometricInterpretation", "")),
            "transfer_syntax": str(dataset.file_meta.TransferSyntaxUID),
        }
        try:
            headers.check(dataset, exam_key=self.exam_key)
            decoding.check_size(dataset)
            return found | self._kept(path, row["file_sha256"], decoding.decode)
        except Refused as refused:
            return found | _refusal(refused)

    def _picture(self, relative: str, path: Path, row: Row) -> Row:
        assert self.describe is not None
        try:
            found = self._named(self.describe(relative)) | {"transfer_syntax": path.suffix.lstrip(".").lower()}
            return found | self._kept(path, row["file_sha256"], decoding.decode_picture)
        except Refused as refused:
            return _refusal(refused)

    def _named(self, header: Header) -> Row:
        """The header with the tables' ids in place of the hospital's."""
        return {
            "image_id": self.pseudonyms.of("image", header.image),
            "exam_id": self.pseudonyms.of("exam", header.exam),
            "patient_id": self.pseudonyms.of("patient", header.patient),
            "laterality": header.laterality,
            "view": header.view,
            "device": header.device,
            "age_band": header.age_band,
            "year": header.year,
        }

    def _kept(self, path: Path, file_sha256: str, decode: Callable[[Path], decoding.Decoded]) -> Row:
        """The picture of this content, decoded only where there is none yet."""
        key = key_of(file=file_sha256, longest_side=self.longest_side, code=self.code)
        name = f"{key[:2]}/{key}.safetensors"
        fresh = not (self.work / name).is_file()
        if fresh:
            self._make_picture(decode(path), self.work / name)
        about = pictures.about(self.work / name)
        return {
            "picture": name,
            "rows": int(about["rows"]),
            "columns": int(about["columns"]),
            "bits_stored": int(about["bits"]),
            "decoder": about["decoder"],
            "pixel_sha256": about["pixel_sha256"],
            "decoded": fresh,
        }

    def _make_picture(self, decoded: decoding.Decoded, path: Path) -> None:
        pixels = decoded.pixels
        try:
            inside = intensity.foreground(pixels)
        except intensity.EmptyForeground:
            raise Refused("quarantined", "no_foreground") from None
        picture = pictures.Picture(
            pixels=pictures.shrink(np.where(inside, pixels, 0), self.longest_side),
            histogram=intensity.histogram(pixels, inside, bits=decoded.bits),
        )
        about = {
            "rows": str(pixels.shape[0]),
            "columns": str(pixels.shape[1]),
            "bits": str(decoded.bits),
            "decoder": decoded.decoder,
            "pixel_sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
        }
        pictures.save(picture, path, about)


def scan_files(files: list[tuple[str, str]], scanner: Scanner, progress: Callable[..., Any]) -> list[Row]:
    """Scan files in a guarded child process; one that kills or hangs the child is quarantined and the rest goes on.

    Parameters
    ----------
    files
        Relative path and path of each.
    scanner
        Scans one file.
    progress
        Wraps the loop, such as tqdm.
    """
    rows = []
    with Guard(scanner.scan, seconds=SECONDS, gigabytes=GIGABYTES) as guarded:
        for file in progress(files):
            try:
                rows.append(guarded(file))
            except Died as died:
                file_id = scanner.pseudonyms.of("file", file[0])
                rows.append({"image_id": file_id, "file_id": file_id, "status": "quarantined", "reason": died.reason})
    return rows


def as_table(rows: list[Row]) -> pd.DataFrame:
    """Rows of a scan as a frame of images; what a file could not say is empty."""
    return tables.frame_of(rows, tables.IMAGES)


def merge(scans: pd.DataFrame) -> pd.DataFrame:
    """Settle files that claim to be the same image.

    Of files with the same content, the first by file id stays and the others are excluded as duplicates. Files of
    one image id with different contents are all quarantined, because nobody knows which is right.

    Parameters
    ----------
    scans
        Images of all shards (`tables.IMAGES`); image ids may repeat.

    Returns
    -------
    pandas.DataFrame
        As many rows, each image id once.
    """
    images = scans.sort_values("file_id", kind="stable", ignore_index=True)
    several = images["image_id"].duplicated(keep=False)
    contents = images.groupby("image_id")["file_sha256"].transform("nunique")
    conflict = several & (contents > 1)
    duplicate = images["image_id"].duplicated() & ~conflict
    images.loc[duplicate & (images["status"] == "accepted"), ["status", "reason"]] = ["excluded", "duplicate"]
    images.loc[conflict, ["status", "reason"]] = ["quarantined", "uid_conflict"]
    # An image id belongs to one file; the others go by their own.
    images["image_id"] = images["image_id"].where(~(duplicate | conflict), images["file_id"])
    return images


def _refusal(refused: Refused) -> Row:
    return {"status": refused.status, "reason": refused.reason}
