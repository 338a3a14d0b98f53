"""Images to vectors: our chain, from PNGs to the cache, beside the bare forward passes of the same model.

Run with: make bench
"""

import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "workflow/scripts")]

from mammoflow.compute import limit_threads

THREADS = len(os.sched_getaffinity(0))
limit_threads(THREADS)

import numpy as np
import pandas as pd
import torch

from mammoflow import png, tables
from mammoflow.files import sha256
from mammoflow.models import embeddings, encoders, random_models

IMAGES = 256
ROWS, COLUMNS = 1024, 800
PARTS = 8  # in which both sides take turns, so that a machine that slows down slows both
VISION = {"timm_model_name": "vit_base_patch16_224", "image_size": 224}


def main() -> None:
    """Print the figures."""
    load = os.getloadavg()[0]
    print(f"{IMAGES} images of {ROWS} x {COLUMNS}, {THREADS} threads; load before: {load:.1f}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        start = time.perf_counter()
        encoder = _make_encoder(folder / "snapshot")
        print(f"making and loading the encoder: {time.perf_counter() - start:.1f} s, in neither figure")
        pngs = _make_pngs(folder / "png")
        parts = _compare(encoder, pngs, folder / "cache")
    ours, bare = (sum(seconds) for seconds in zip(*parts, strict=True))
    print(f"PNGs to cache: {ours:.1f} s, {IMAGES / ours:.2f} images/s")
    print(f"bare forward passes: {bare:.1f} s, {IMAGES / bare:.2f} images/s")
    ratios = sorted(own / other for own, other in parts)
    print(f"ratio: {ours / bare:.3f}; of the {PARTS} parts {', '.join(f'{ratio:.2f}' for ratio in ratios)}", flush=True)


def _compare(encoder: encoders.Encoder, pngs: pd.DataFrame, cache: Path) -> list[tuple[float, float]]:
    """Seconds of both sides for each part; they take turns, and in who comes first."""
    size = -(-IMAGES // PARTS)
    parts = [pngs[start : start + size] for start in range(0, IMAGES, size)]
    side = encoder.preprocessing.read(pngs["file"].iloc[0]).shape[-1]
    pixels = torch.rand(size, 3, side, side, device=encoder.device)
    _forward(encoder, pixels)  # to warm up
    found = []
    for number, part in enumerate(parts):
        turns = [lambda part=part: _fill(encoder, part, cache), lambda: _forward(encoder, pixels)]
        seconds = {place: _seconds(turns[place]) for place in ((0, 1) if number % 2 else (1, 0))}
        found.append((seconds[0], seconds[1]))
    return found


def _fill(encoder: encoders.Encoder, pngs: pd.DataFrame, cache: Path) -> None:
    origin = embeddings.Origin("benchmark", "", "")
    filled = embeddings.fill(
        cache, pngs, origin=origin, encode=lambda paths: encoder.images(paths, iter), precision="float32"
    )
    assert filled.encoded == len(pngs)


@torch.inference_mode()
def _forward(encoder: encoders.Encoder, pixels: torch.Tensor) -> None:
    for batch in pixels.split(encoder.batch):
        with torch.autocast(encoder.device.type, torch.float16, enabled=encoder.device.type == "cuda"):
            encoder.model.encode_image(batch).float().cpu()


def _seconds(act: object) -> float:
    assert callable(act)
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _make_encoder(folder: Path) -> encoders.Encoder:
    """BiomedCLIP's image tower with random weights; its text tower, which is not used, is small."""
    config = random_models.OPEN_CLIP_CONFIG["model_cfg"]
    config["embed_dim"] = 512
    config["vision_cfg"] |= VISION
    random_models.make_encoder(folder, sentences=["a mammogram"])
    return encoders.load(folder)


def _make_pngs(folder: Path) -> pd.DataFrame:
    """Pictures that compress about as mammograms do: smooth, with noise in half of them; the rest is black."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    rows: list[dict[str, object]] = []
    for number in range(IMAGES):
        tissue = np.add.outer(np.linspace(40, 160, ROWS), np.linspace(60, 0, COLUMNS // 2))
        pixels = np.zeros((ROWS, COLUMNS), np.uint8)
        pixels[:, : COLUMNS // 2] = tissue + rng.normal(0, 4, tissue.shape)
        path = folder / f"{number:03}.png"
        path.write_bytes(png.encode(pixels))
        about = {"tone": "stored_range", "matching": "none"}
        rows.append({"image_id": path.stem, "file": str(path), "sha256": sha256(path)} | about)
    return tables.frame_of(rows, tables.PNGS)


if __name__ == "__main__":
    main()
