"""Full-size mammograms to matched PNGs: our chain beside a naive one and beside decoding alone, by transfer syntax.

Run with: make bench
"""

import io
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.encaps import encapsulate
from skimage.exposure import match_histograms
from tqdm import tqdm

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "workflow/scripts")]

import pandas as pd

from mammoflow import drawing, matching, pictures, png
from mammoflow.demo import mammograms, patients, phantoms
from mammoflow.dicom import codestreams, decoders, elements, stored
from mammoflow.guard import reuse_memory
from mammoflow.matching import Matching
from mammoflow.privacy import Pseudonyms
from mammoflow.recipes import Recipe
from mammoflow.scanning import Scanner

ROWS, COLUMNS, BITS = 3328, 2560, 14
IMAGES = 24  # of each syntax: files of their own, of a few different pictures
PICTURES = 3
NAIVE = 4  # images for the naive chain, which takes seconds for each
WARM_UP = 2
RECIPE = Recipe(tone="stored_range", matching="image", crop="none", longest_side=1024)

Pixels = NDArray[np.uint16]
# Syntax and encoder by name; what needs none is None.
SYNTAXES: dict[str, tuple[str, Callable[[Pixels], bytes] | None]] = {
    "native": (uid.ExplicitVRLittleEndian, None),
    "RLE": (uid.RLELossless, None),
    "JPEG lossless": (
        uid.JPEGLosslessSV1,
        lambda pixels: imagecodecs.jpeg8_encode(pixels, lossless=True, bitspersample=BITS, predictor=1),
    ),
    "JPEG-LS": (uid.JPEGLSLossless, imagecodecs.jpegls_encode),
    "JPEG 2000": (
        uid.JPEG2000Lossless,
        lambda pixels: imagecodecs.jpeg2k_encode(
            pixels, codecformat="j2k", reversible=True, level=0, bitspersample=BITS
        ),
    ),
    "HTJ2K": (uid.HTJ2KLossless, lambda pixels: imagecodecs.htj2k_encode(pixels, reversible=True)),
}


@dataclass(frozen=True)
class Seconds:
    """What a number of images took: seconds of the clock and of the processor, each for one image."""

    wall: float
    cpu: float


def main() -> None:
    """Print the figures."""
    # As a worker does: one thread, because there are as many workers as cores, and memory is used again.
    cv2.setNumThreads(1)
    reuse_memory()
    load = os.getloadavg()[0]
    print(f"{IMAGES} images of {ROWS} x {COLUMNS}, {BITS} bits, of each syntax")
    print(f"load before: {load:.1f} on {os.cpu_count()} cores")
    print("images/s: by the clock, one process; CPU: ms of one image; naive: full-size PNG of 16 bits, as it does")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        fitted = None
        for name in SYNTAXES:
            files = _write(name, folder / name)
            fitted = fitted or _fit(files[:PICTURES], folder / "fitting")
            _print_speed(name, files, fitted, folder)
            _print_workers(files, fitted, folder)


def _print_speed(name: str, files: list[Path], fitted: Matching, folder: Path) -> None:
    """One line: the naive chain, ours, decoding alone, and what our chain costs besides."""
    reference = pydicom.dcmread(files[0]).pixel_array
    ours = _seconds(lambda file: _ours(file, fitted, folder / "work"), files)
    naive = _seconds(lambda file: _naive(file, reference), files[: WARM_UP + NAIVE])
    decoding = _seconds(_decode, [_parts(file) for file in files])
    size = np.mean([file.stat().st_size for file in files]) / 1e6
    print(
        f"{name} ({size:.1f} MB): naive {1 / naive.wall:.2f} images/s, ours {1 / ours.wall:.1f}, "
        f"ratio {naive.wall / ours.wall:.1f}; decoding alone {1 / decoding.wall:.1f} images/s; "
        f"CPU ours {1000 * ours.cpu:.0f}, decoding {1000 * decoding.cpu:.0f}, "
        f"outside decoding {1000 * (ours.cpu - decoding.cpu):.0f}",
        flush=True,
    )


def _print_workers(files: list[Path], fitted: Matching, folder: Path) -> None:
    """Two lines: peak memory of a worker over its imports, and what a second worker brings."""
    one, two = (_work(n, files, fitted, folder) for n in (1, 2))
    peak = max(megabytes for _, megabytes in (*one, *two))
    speed = [len(done) * (IMAGES - WARM_UP) / max(seconds for seconds, _ in done) for done in (one, two)]
    print(f"  peak memory of a worker over its imports: {peak:.0f} MB")
    print(f"  two workers: {speed[1]:.1f} images/s, one: {speed[0]:.1f}, ratio {speed[1] / speed[0]:.2f}", flush=True)


def _ours(file: Path, fitted: Matching, work: Path) -> bytes:
    """From a file to its PNG as the workflow makes it, by way of the 16-bit picture on disk."""
    scanner = Scanner(Pseudonyms(bytes(32), "benchmark"), describe=None, longest_side=2048, work=work, code="0")
    row = scanner.scan((file.name, str(file)))
    if row["status"] != "accepted":
        sys.exit(f"{file.name}: {row['reason']} {row.get('detail', '')}")
    picture = pictures.load(work / row["picture"])
    data = png.encode(drawing.to_eight_bits(drawing.render(picture, fitted, row["device"])))
    (work / f"{file.stem}.png").write_bytes(data)
    return data


def _naive(file: Path, reference: Pixels) -> None:
    """What a script of one afternoon does."""
    pixels = pydicom.dcmread(file).pixel_array
    matched = match_histograms(pixels, reference)
    Image.fromarray(matched.astype(np.uint16)).save(file.with_suffix(".png"))


def _decode(parts: elements.Elements) -> Pixels:
    """The pixels of a file in memory, by the decoder that our chain uses and without anything around it."""
    assert parts.pixels is not None
    if not parts.encapsulated:
        return np.frombuffer(parts.pixels, "<u2", ROWS * COLUMNS).copy()
    layout = stored.layout(parts.header, little=parts.syntax.little)
    return decoders.decode(codestreams.join(parts.pixels), parts.syntax, layout)[0]


def _parts(file: Path) -> elements.Elements:
    return elements.take_apart(file.read_bytes())


def _seconds(make: Callable[[Any], object], given: Sequence[Any]) -> Seconds:
    """Mean of an image after a few to warm up."""
    for one in given[:WARM_UP]:
        make(one)
    timed = given[WARM_UP:]
    wall, cpu = time.perf_counter(), time.process_time()
    for one in tqdm(timed, leave=False):
        make(one)
    return Seconds((time.perf_counter() - wall) / len(timed), (time.process_time() - cpu) / len(timed))


def _fit(files: list[Path], work: Path) -> Matching:
    """Matching of every image to one reference, as the naive chain does."""
    scanner = Scanner(Pseudonyms(bytes(32), "benchmark"), describe=None, longest_side=2048, work=work, code="0")
    names = {str(at): scanner.scan((file.name, str(file)))["picture"] for at, file in enumerate(files)}
    development = pd.DataFrame({"image_id": list(names), "label": "c", "device": ""})
    return matching.fit(
        RECIPE, development, lambda one: matching.read_toned(work / names[one], tone=RECIPE.tone), progress=iter
    )


def _work(workers: int, files: list[Path], fitted: Matching, folder: Path) -> list[tuple[float, float]]:
    """Seconds, and megabytes over the imports, of workers that each make all images at the same time."""
    context = multiprocessing.get_context("spawn")  # a new process, which holds nothing of this one
    ready, results = context.Barrier(workers), context.Queue()
    children = [
        context.Process(target=_worker, args=(files, fitted, folder / f"work{number}", ready, results))
        for number in range(workers)
    ]
    for child in children:
        child.start()
    found = [results.get() for _ in children]
    for child in children:
        child.join()
    return found


def _worker(files: list[Path], fitted: Matching, work: Path, ready: Any, results: Any) -> None:
    cv2.setNumThreads(1)
    before = _memory("VmRSS")
    reuse_memory()
    for file in files[:WARM_UP]:
        _ours(file, fitted, work)
    ready.wait()
    start = time.perf_counter()
    for file in files[WARM_UP:]:
        _ours(file, fitted, work)
    results.put((time.perf_counter() - start, _memory("VmHWM") - before))


def _memory(line: str) -> float:
    """Megabytes of this process: VmRSS what it holds, VmHWM the most that it held."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split(f"{line}:")[1].split()[0]) / 1024


def _write(name: str, folder: Path) -> list[Path]:
    """The files of one syntax."""
    folder.mkdir()
    syntax, encode = SYNTAXES[name]
    exam = patients.exams(count=20, seed=1, class_mix="equal")[0]
    made = mammograms.encode(patients.image_files([replace(exam, fault="", syntax="explicit")])[1])
    files = []
    for number in tqdm(range(PICTURES), desc=name, leave=False):
        dataset = pydicom.dcmread(io.BytesIO(made))
        pixels = _pixels(number)
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.PhotometricInterpretation, dataset.PresentationLUTShape = "MONOCHROME2", "IDENTITY"
        dataset.set_pixel_data(pixels, "MONOCHROME2", BITS, generate_instance_uid=False)
        if encode:
            dataset.PixelData = encapsulate([encode(pixels)])
            dataset["PixelData"].VR = "OB"
            dataset.file_meta.TransferSyntaxUID = uid.UID(syntax)
        elif syntax == uid.RLELossless:
            dataset.compress(syntax, pixels, encoding_plugin="pylibjpeg", generate_instance_uid=False)
        for copy in range(number, IMAGES, PICTURES):
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"2.25.{1000 + copy}"
            files.append(folder / f"{copy}.dcm")
            dataset.save_as(files[-1], enforce_file_format=True)
        if not np.array_equal(_decode(_parts(files[-1])).reshape(pixels.shape), pixels):
            sys.exit(f"{name}: the decoder does not give back what was encoded")
    return sorted(files, key=lambda file: int(file.stem))


def _pixels(number: int) -> Pixels:
    """A phantom enlarged, with noise of every pixel its own: (ROWS, COLUMNS)."""
    rng = np.random.default_rng(number)
    share = (0.2, 0.5, 0.8)[number % 3]
    phantom = phantoms.render(phantoms.Body.draw(rng), share=share, laterality="L", view="CC", rng=rng)
    signal = cv2.resize(phantom.signal, (COLUMNS, ROWS), interpolation=cv2.INTER_LINEAR)
    return mammograms.stored_values(signal, replace(mammograms.DEVICES["logarithmic"], noise=0.003), rng)


if __name__ == "__main__":
    main()
