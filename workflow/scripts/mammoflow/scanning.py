"""Scan: from a file to its row in the accounts and its 16-bit picture, read once and decoded once."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from blake3 import blake3

from mammoflow import foreground, intensity, pictures, tables
from mammoflow.dicom import decoding, elements, exclusions, headers, stored
from mammoflow.dicom.decoding import Decoded
from mammoflow.dicom.elements import MOST_BYTES, Elements
from mammoflow.dicom.exclusions import Exclusions
from mammoflow.dicom.headers import Header
from mammoflow.dicom.refusals import Refused, refusing
from mammoflow.dicom.values import text
from mammoflow.files import Changed, steady
from mammoflow.guard import Died, Guard
from mammoflow.privacy import Pseudonyms
from mammoflow.work import key_of

# A full-field mammogram decodes in under a second, in a tenth of a gigabyte.
SECONDS = 30.0
GIGABYTES = 2.0
# Reasons whose details the log holds once for all files: they are about this machine, not about a file.
_OF_THE_MACHINE = ("no_decoder",)

Row = dict[str, Any]


@dataclass(frozen=True)
class Scanner:
    """Scans one file at a time.

    Parameters
    ----------
    pseudonyms
        Makes the ids of the tables.
    describe
        What the relative path of a file says of it, by a data set's names and tables. None where DICOM headers say it.
    longest_side
        Pixels of the longest side of the picture kept.
    work
        Folder of the pictures.
    code
        Hash of the code that makes pictures, part of their keys.
    exam_key
        Tag of a DICOM header that names the exam.
    exclusions
        Which DICOM files are wanted.
    are_pictures
        Whether files are pictures, which have no header.
    births
        Makes keyed hashes of birth dates; None where these are not read.
    """

    pseudonyms: Pseudonyms
    describe: Callable[[str], Header] | None
    longest_side: int
    work: Path
    code: str
    exam_key: str = "AccessionNumber"
    exclusions: Exclusions = field(default_factory=Exclusions)
    are_pictures: bool = False
    births: Pseudonyms | None = None

    def scan(self, file: tuple[str, str], *, decodes: bool = True) -> Row:
        """The row of a file, given as its relative path and its path; whatever is wrong with it stands in the row.

        Without `decodes` the pixels are left alone, and the row says what the header says.

        Raises
        ------
        OSError
            If the picture cannot be written: that is not the fault of the file.
        """
        relative, path = file
        row = self.nothing_of(relative)
        try:
            content, is_whole = _read(Path(path), row)
            if not self.are_pictures:
                self._dicom(relative, content, row, is_whole=is_whole, decodes=decodes)
            else:
                self._picture(relative, content, row, is_whole=is_whole, decodes=decodes)
        except Refused as refused:
            row |= _refusal(refused)
        except MemoryError:
            row |= _refusal(Refused("quarantined", "too_large"))
        return row

    def nothing_of(self, relative: str) -> Row:
        """The row of a file of which nothing is known but its relative path."""
        file_id = self.pseudonyms.of("file", relative)
        return {"image_id": file_id, "file_id": file_id, "status": "accepted"}

    def _dicom(self, relative: str, content: bytes, row: Row, *, is_whole: bool, decodes: bool) -> None:
        parts = elements.take_apart(content, with_birth=self.births is not None)
        row["transfer_syntax"] = str(parts.syntax.uid)
        with refusing("bad_header"):
            described = self._described(relative, parts)
            row |= self._named(described) | {"view": described.view or "other"}
            if self.births is not None:
                row["birth_id"] = self.births.of("birth", text(parts.header, "PatientBirthDate"))
            row |= _stated(parts)
            self.exclusions.check(parts.header, described, exam_key=self.exam_key)
            row["notes"] = " ".join(exclusions.notes(parts.header, described))
            layout = stored.layout(parts.header, little=parts.syntax.little)
        if not is_whole:
            raise Refused("quarantined", "too_large")
        if decodes:
            self._keep(row, lambda: decoding.decode(parts, layout))

    def _described(self, relative: str, parts: Elements) -> Header:
        """What is known of a DICOM file: by the data set's tables, where it has some, else by its header."""
        if self.describe is None:
            return headers.describe(parts.header, exam_key=self.exam_key)
        return headers.complete(self.describe(relative), parts.header)

    def _picture(self, relative: str, content: bytes, row: Row, *, is_whole: bool, decodes: bool) -> None:
        assert self.describe is not None
        row["transfer_syntax"] = Path(relative).suffix.lstrip(".").lower()
        row |= self._named(self.describe(relative))
        if not is_whole:
            raise Refused("quarantined", "too_large")
        if decodes:
            self._keep(row, lambda: decoding.decode_picture(content))

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
            "official": header.official,
            "roi": header.roi,
        }

    def _keep(self, row: Row, decode: Callable[[], Decoded]) -> None:
        """See to the picture of this content, decoded only where there is none yet, and note what is known of it."""
        key = key_of(file=row["file_blake3"], longest_side=self.longest_side, code=self.code)
        name = f"{key[:2]}/{key}.safetensors"
        fresh = not (self.work / name).is_file()
        if fresh:
            self._make_picture(decode(), self.work / name)
        about = pictures.about(self.work / name)
        row |= {
            "picture": name,
            "rows": int(about["rows"]),
            "columns": int(about["columns"]),
            "bits_stored": int(about["bits"]),
            "decoder": about["decoder"],
            "pixel_blake3": about["pixel_blake3"],
            "notes": " ".join(filter(None, [row.get("notes", ""), about["notes"]])),
            "decoded": fresh,
        }

    def _make_picture(self, decoded: Decoded, path: Path) -> None:
        pixels = decoded.pixels
        try:
            breast, place = foreground.cut_out(pixels)
        except foreground.EmptyForeground:
            raise Refused("quarantined", "no_foreground") from None
        kept, frame = pictures.shrink_part(breast, place, pixels.shape, self.longest_side)
        picture = pictures.Picture(kept, intensity.histogram(breast, bits=decoded.bits), decoded.voi, frame)
        about = {
            "rows": str(pixels.shape[0]),
            "columns": str(pixels.shape[1]),
            "bits": str(decoded.bits),
            "decoder": decoded.decoder,
            "pixel_blake3": _digest(picture),
            "notes": " ".join(decoded.notes),
        }
        pictures.save(picture, path, about)


def scan_files(
    files: list[tuple[str, str]],
    scanner: Scanner,
    progress: Callable[..., Any],
    *,
    seconds: float = SECONDS,
    gigabytes: float = GIGABYTES,
) -> list[Row]:
    """Scan files in a guarded child process; one that kills or hangs the child is quarantined and the rest goes on.

    Parameters
    ----------
    files
        Relative path and path of each.
    scanner
        Scans one file.
    progress
        Wraps the loop, such as tqdm.
    seconds, gigabytes
        What a file may take.
    """
    # A job has one core; and a pool of threads would not outlive the fork.
    cv2.setNumThreads(1)

    def scan(task: tuple[tuple[str, str], bool]) -> Row:
        return scanner.scan(task[0], decodes=task[1])

    rows = []
    with Guard(scan, seconds=seconds, gigabytes=gigabytes) as guarded:
        for file in progress(files):
            try:
                rows.append(guarded((file, True)))
            except Died as died:
                rows.append(_header_of(guarded, file, scanner) | {"status": "quarantined", "reason": died.reason})
    return rows


def remarks(rows: list[Row]) -> Iterator[str]:
    """Lines for the log: what the rows' reasons are about, by file id, without a value of a header."""
    for row in rows:
        if row.get("detail") and row["reason"] not in _OF_THE_MACHINE:
            yield f"{row['file_id']}: {row['reason']}: {row['detail']}"
    machine = Counter((row["reason"], row["detail"]) for row in rows if row.get("reason") in _OF_THE_MACHINE)
    for (reason, detail), count in sorted(machine.items()):
        yield f"{count} files: {reason}: {detail}"


def as_table(rows: list[Row]) -> pd.DataFrame:
    """Rows of a scan as a frame of images; what a file could not say is empty."""
    return tables.frame_of(rows, tables.IMAGES)


def births(rows: list[Row]) -> pd.DataFrame:
    """The births behind the exams of a scan (`tables.BIRTHS`), as far as headers state them."""
    found = tables.frame_of(rows, tables.BIRTHS).drop_duplicates(ignore_index=True)
    return found[(found != "").all(axis=1)]


def merge(scans: pd.DataFrame) -> pd.DataFrame:
    """Settle files that claim to be the same image, and files that hold the same one.

    Of files with the same content, the first by file id stays and the others are excluded as duplicates. Files of
    one image id with different contents are all quarantined, because nobody knows which is right. Of accepted files
    with the same pixels the first stays, whatever their ids: the same image under two patients would leak.

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
    contents = images.groupby("image_id")["file_blake3"].transform("nunique")
    conflict = several & (contents > 1)
    duplicate = images["image_id"].duplicated() & ~conflict
    images.loc[duplicate & (images["status"] == "accepted"), ["status", "reason"]] = ["excluded", "duplicate"]
    images.loc[conflict, ["status", "reason"]] = ["quarantined", "uid_conflict"]
    accepted = images["status"] == "accepted"
    same_pixels = accepted & (images["pixel_blake3"] != "")
    again = images.loc[same_pixels, "pixel_blake3"].duplicated()
    images.loc[again.index[again], ["status", "reason"]] = ["excluded", "duplicate"]
    # An image id belongs to one file; the others go by their own.
    images["image_id"] = images["image_id"].where(~(duplicate | conflict), images["file_id"])
    return images


def withdrawn(scans: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """The files that their scan accepted and `merge` did not: few, so that who exports one shard need not read all.

    Parameters
    ----------
    scans, images
        What `merge` was given, and what it returned.

    Returns
    -------
    pandas.DataFrame
        `tables.WITHDRAWN`.
    """
    accepted = scans.loc[scans["status"] == "accepted", "file_id"]
    return images.loc[images["file_id"].isin(accepted) & (images["status"] != "accepted"), ["file_id", "reason"]]


def _read(path: Path, row: Row) -> tuple[bytes, bool]:
    """The bytes of a file, as far as one may go, and whether these are all; notes the digest of all in the row.

    Raises
    ------
    Refused
        If they cannot be had.
    """
    try:
        with open(path, "rb", opener=_at_once) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise Refused("quarantined", "unreadable")
            with steady(file.fileno()):
                # As much memory as there are bytes, and not the most that there may be.
                content = file.read(min(MOST_BYTES, found.st_size + 1))
                # A third of SHA-256's time, even where the processor computes that itself.
                digest = blake3(content)
                is_whole = True
                while more := file.read(2**20):
                    digest.update(more)
                    is_whole = False
    except Changed:
        raise Refused("quarantined", "changed") from None
    except FileNotFoundError:
        raise Refused("quarantined", "vanished") from None
    except OSError:
        raise Refused("quarantined", "unreadable") from None
    row["file_blake3"] = digest.hexdigest()
    return content, is_whole


def _at_once(path: str, flags: int) -> int:
    """Opens a file without waiting for it: a pipe that took its place would never be read."""
    return os.open(path, flags | os.O_NONBLOCK)


def _digest(picture: pictures.Picture) -> str:
    """What tells two images apart: the breast at the working size, and how often it has each value at full size.

    All pixels would be three times the work and tell no more: noise alone makes each histogram another.
    """
    digest = blake3(repr((picture.frame, picture.pixels.shape)).encode())
    digest.update(np.ascontiguousarray(picture.pixels).data.cast("B"))
    digest.update(picture.histogram.data.cast("B"))
    return digest.hexdigest()


def _stated(parts: Elements) -> Row:
    """What a header says of its pixels, for the row of an image that may not be accepted."""
    sizes = {"rows": "Rows", "columns": "Columns", "bits_stored": "BitsStored"}
    return {"photometric": text(parts.header, "PhotometricInterpretation")} | {
        column: int(said) for column, tag in sizes.items() if (said := text(parts.header, tag)).isdigit()
    }


def _header_of(guarded: Guard, file: tuple[str, str], scanner: Scanner) -> Row:
    """What the header says of a file whose pixels were the child's end; nothing where it was the header."""
    try:
        return guarded((file, False))
    except Died:
        return scanner.nothing_of(file[0])


def _refusal(refused: Refused) -> Row:
    return {"status": refused.status, "reason": refused.reason, "detail": refused.detail}
