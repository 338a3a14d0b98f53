"""Steps of fine-tuning: our loop, from the array on disk, beside a bare loop on tensors in memory; and ConvNeXt-Base.

Run with: make bench
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "workflow/scripts")]

from mammoflow.compute import limit_threads

THREADS = len(os.sched_getaffinity(0))
limit_threads(THREADS)

import numpy as np
import timm
import torch
from timm.models import save_for_hf

from mammoflow.models import networks, schemes
from mammoflow.models.checkpoints import Checkpoints
from mammoflow.models.determinism import make_deterministic
from mammoflow.models.finetuning import Problem, Training
from mammoflow.models.squares import Squares
from mammoflow.models.subsets import Rows

ON_GPU = torch.cuda.is_available()
CLASSES, BATCH = 4, 64
WARM_UP = 2  # steps that are not counted
ROUNDS = 4  # in which both sides take turns, so that a machine that slows down slows both
LEAST_RATIO = 0.95


def main() -> None:
    """Print the figures."""
    print(f"{THREADS} threads; load before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as temporary:
        small, large = Path(temporary) / "small", Path(temporary) / "large"
        make_snapshot(small, "convnext_atto")
        make_snapshot(large, "convnext_base")
        if ON_GPU:
            print(f"on {torch.cuda.get_device_name()}:")
            compare(large, side=224, steps=40)
            print_gpu(large)
        else:
            compare(small, side=128, steps=6)
            steps = WARM_UP + 3
            seconds = np.mean(ours(large, side=224, steps=steps))
            print(f"ConvNeXt-Base, 224 pixels: {steps} steps of {BATCH} images, {seconds:.0f} s a step after the first")
            print("on a GPU: not measured")


def make_snapshot(folder: Path, name: str) -> None:
    """An untrained network as timm publishes its own."""
    torch.manual_seed(0)
    save_for_hf(timm.create_model(name, pretrained=False), str(folder), safe_serialization=True)


def compare(folder: Path, *, side: int, steps: int) -> None:
    """Print images per second of both loops, in turn, and their ratio."""
    own, bare = [], []
    for _ in range(ROUNDS):
        own += ours(folder, side=side, steps=WARM_UP + steps)
        bare += plain(folder, side=side, steps=WARM_UP + steps)
    rates = [BATCH / float(np.median(seconds)) for seconds in (own, bare)]
    print(f"{folder.name} network, {side} pixels, {len(own)} steps each: {rates[0]:.1f} images/s in our loop,")
    print(f"  {rates[1]:.1f} in a bare one: ratio {rates[0] / rates[1]:.3f}, at least {LEAST_RATIO} asked for")


def ours(folder: Path, *, side: int, steps: int) -> list[float]:
    """Seconds of each step of the workflow's own training, from an array on disk; one epoch, checkpoints included."""
    make_deterministic(1)
    stamps: list[float] = []

    def progress(loop: range, **_: object) -> Iterator[int]:
        """Note when each step begins, with all that was asked of a GPU before done."""
        for step in loop:
            stamp(stamps)
            yield step
        stamp(stamps)

    n = steps * BATCH + BATCH
    with tempfile.TemporaryDirectory() as temporary:
        pixels = np.random.default_rng(0).integers(0, 255, (n, side, side), dtype=np.uint8)
        np.save(Path(temporary) / "squares.npy", pixels)
        squares = Squares(np.load(Path(temporary) / "squares.npy", mmap_mode="r"), np.arange(n))
        network = networks.load(folder, n_outputs=CLASSES, side=side)
        rows = Rows(np.arange(steps * BATCH), np.arange(steps * BATCH, n), np.arange(n) % CLASSES)
        scheme = schemes.of("paper", most_epochs=1)
        problem = Problem(squares, rows, networks.inputs_of(network, side), networks.softmax_head(CLASSES), scheme, 1)
        Training(network, problem, Checkpoints(Path(temporary), minutes=10)).run(progress)
    # The last of them ends with validation and the checkpoint of the epoch.
    return np.diff(stamps).tolist()[WARM_UP:-1]


def plain(folder: Path, *, side: int, steps: int, tuned: bool = True) -> list[float]:
    """Seconds of each step of a bare loop on one batch in memory; on a GPU `tuned` is channels last and fused AdamW."""
    device = torch.device("cuda" if ON_GPU else "cpu")
    layout = torch.channels_last if tuned else torch.contiguous_format
    network = networks.load(folder, n_outputs=CLASSES, side=side).train()
    network = network.to(device, memory_format=layout)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=ON_GPU and tuned)
    pictures = torch.rand(BATCH, 3, side, side, device=device).contiguous(memory_format=layout)
    targets = torch.arange(BATCH, device=device) % CLASSES
    stamps: list[float] = []
    for _ in range(steps):
        stamp(stamps)
        with torch.autocast(device.type, torch.bfloat16, enabled=ON_GPU):
            outputs = network(pictures)
        loss = torch.nn.functional.cross_entropy(outputs.float(), targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    stamp(stamps)
    return np.diff(stamps).tolist()[WARM_UP:]


def print_gpu(folder: Path) -> None:
    """Print what channels last and fused AdamW are worth, the peak memory, and the share of the matrix rate."""
    torch.cuda.reset_peak_memory_stats()
    rate = BATCH / float(np.median(ours(folder, side=224, steps=WARM_UP + 40)))
    peak = torch.cuda.max_memory_allocated() / 2**30
    slow = BATCH / float(np.median(plain(folder, side=224, steps=WARM_UP + 40, tuned=False)))
    # Forward and backward take three times the forward pass's 15.4 billion multiply-adds of an image.
    share = rate * 3 * 2 * 15.4e9 / matrix_rate()
    print(f"{rate / slow:.2f} times a bare loop without channels last and fused AdamW; peak memory {peak:.1f} GiB;")
    print(f"  {share:.0%} of the bfloat16 matrix rate measured here")


def matrix_rate() -> float:
    """Floating-point operations per second of large bfloat16 matrix products."""
    one = torch.rand(8192, 8192, device="cuda", dtype=torch.bfloat16)
    stamps: list[float] = []
    for _ in range(20):
        stamp(stamps)
        one @ one
    stamp(stamps)
    return 2 * 8192**3 / float(np.median(np.diff(stamps)[5:]))


def stamp(stamps: list[float]) -> None:
    """Add the time, when all that was asked of a GPU is done."""
    if ON_GPU:
        torch.cuda.synchronize()
    stamps.append(time.perf_counter())


if __name__ == "__main__":
    main()
