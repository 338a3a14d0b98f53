"""The published probe on kept embeddings, beside a plain loop, encoding anew in every epoch, and a grid head by head.

Run with: make bench
"""

import os
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import timm
import torch
from torch.utils.data import DataLoader, TensorDataset

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "workflow/scripts")]

from mammoflow.models import probes
from mammoflow.models.probes import Settings
from mammoflow.models.subsets import Rows

TRAIN, VALIDATION, WIDTH, CLASSES = 1_300, 230, 512, 4
EPOCHS = 200
MOST_SECONDS = 5
THREADS = 1
ENCODED = 16  # pictures a batch of the encoder
RATES, DECAYS = (1e-5, 1e-4, 1e-3, 1e-2), (0.0, 1e-3, 1e-1)


def main() -> None:
    """Print the figures."""
    vectors, rows = embeddings()
    cores = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    print(f"load before: {os.getloadavg()[0]:.1f}; trainings with {THREADS} thread, as compute.threads is shipped")
    ours, plain = _seconds(lambda: _train(vectors, rows, RATES[1:2], DECAYS[1:2]), lambda: plain_loop(vectors, rows))
    print(f"published probe, {EPOCHS} epochs: {ours:.2f} s of at most {MOST_SECONDS}")
    print(f"the same with torch's DataLoader and shuffling: {plain:.2f} s, ratio {plain / ours:.1f}")
    grid, single = _seconds(
        lambda: _train(vectors, rows, RATES, DECAYS),
        lambda: [_train(vectors, rows, (rate,), (decay,)) for rate, decay in product(RATES, DECAYS)],
    )
    heads = len(RATES) * len(DECAYS)
    print(f"{heads} heads in one pass: {grid:.2f} s, one by one: {single:.2f} s, ratio {single / grid:.1f}")
    torch.set_num_threads(cores)
    batch = encode_batch()
    whole = batch / ENCODED * (TRAIN + VALIDATION) * EPOCHS
    print(f"a batch of {ENCODED} through a ViT-B/16, {cores} threads: {batch:.2f} s")
    print(f"  all images in {EPOCHS} epochs, multiplied out: {whole:,.0f} s, ratio {(whole + ours) / ours:,.0f}")


def embeddings() -> tuple[np.ndarray, Rows]:
    """Vectors of four classes that overlap."""
    rng = np.random.default_rng(0)
    targets = rng.integers(0, CLASSES, TRAIN + VALIDATION)
    vectors = rng.normal(size=(TRAIN + VALIDATION, WIDTH)) + 0.3 * rng.normal(size=(CLASSES, WIDTH))[targets]
    return vectors.astype(np.float32), Rows(np.arange(TRAIN), np.arange(TRAIN, TRAIN + VALIDATION), targets)


def _train(vectors: np.ndarray, rows: Rows, rates: tuple[float, ...], decays: tuple[float, ...]) -> None:
    # Patience as long as the training, so that all epochs are run.
    settings = Settings(learning_rate=rates, weight_decay=decays, max_epochs=EPOCHS, patience=EPOCHS)
    trained = probes.train(vectors, rows, settings, n_classes=CLASSES, seed=1, progress=lambda loop: loop)
    assert trained.curves.shape[1] == EPOCHS


def plain_loop(vectors: np.ndarray, rows: Rows) -> None:
    """The probe as it is usually written."""
    data, targets = torch.from_numpy(vectors), torch.from_numpy(rows.targets)
    train, validation = (TensorDataset(data[own], targets[own]) for own in (rows.train, rows.validation))
    batches = DataLoader(train, batch_size=64, shuffle=True)
    layer = torch.nn.Linear(WIDTH, CLASSES)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=1e-4, weight_decay=1e-3)
    for _ in range(EPOCHS):
        for inputs, classes in batches:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(layer(inputs), classes).backward()
            optimizer.step()
        with torch.inference_mode():
            sum(
                torch.nn.functional.cross_entropy(layer(x), y, reduction="sum").item()
                for x, y in DataLoader(validation, 64)
            )


def encode_batch() -> float:
    """Seconds of one batch through an encoder of the real size, after one to warm up."""
    encoder = timm.create_model("vit_base_patch16_224", num_classes=0).eval()
    pictures = torch.zeros(ENCODED, 3, 224, 224)
    with torch.inference_mode():
        encoder(pictures)
        return _seconds(lambda: encoder(pictures))[0]


def _seconds(*jobs: Callable[[], object]) -> list[float]:
    """The least of five times of each job, in turn, so that what else the machine does meets all of them."""
    times: list[list[float]] = [[] for _ in jobs]
    for _ in range(5):
        for job, own in zip(jobs, times, strict=True):
            start = time.perf_counter()
            job()
            own.append(time.perf_counter() - start)
    return [min(own) for own in times]


if __name__ == "__main__":
    main()
