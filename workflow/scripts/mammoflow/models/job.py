"""One fine-tuning as a job in a folder: what is to be trained, where it stands, and what came of it.

A job runs in the process that calls `run`, or in several that torchrun starts:

    torchrun --standalone --nproc_per_node 2 -m mammoflow.models.job FOLDER

It may be killed at any moment and run again.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file
from tqdm import tqdm

from mammoflow.models import networks, trained
from mammoflow.models.checkpoints import Checkpoints
from mammoflow.models.determinism import make_deterministic
from mammoflow.models.finetuning import Int64, Problem, Training
from mammoflow.models.schemes import Scheme
from mammoflow.models.squares import Squares
from mammoflow.models.subsets import Rows

_SETTINGS, _ROWS = "job.json", "rows.safetensors"
WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Job:
    """What is to be trained, in plain values."""

    network: str  # folder of the snapshot
    squares: str  # .npy of the pictures
    n_classes: int
    head: str  # a key of networks.HEADS
    scheme: Scheme
    seed: int
    checkpoint_minutes: float
    keeps_weights: bool = True  # and not only what the network predicts


def write(folder: Path, job: Job, rows: Rows, places: Int64) -> None:
    """Put a job into its folder.

    Parameters
    ----------
    folder
        Is made where it is not there.
    job
        What is to be trained.
    rows
        Which images train and validate, and their classes.
    places : (n,)
        Where the picture of each of these images stands in the array; in this order probabilities are given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _SETTINGS).write_text(json.dumps(asdict(job), indent=1))
    arrays = {"train": rows.train, "validation": rows.validation, "targets": rows.targets, "places": places}
    save_arrays(arrays if rows.weights is None else arrays | {"weights": rows.weights}, folder / _ROWS)


def start(folder: Path, *, processes: int) -> None:
    """Run a job in this process, or in several of its own.

    Raises
    ------
    subprocess.CalledProcessError
        If one of several processes failed; what it said is in the log.
    """
    if processes == 1:
        run(folder, tqdm)
        return
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    subprocess.run(  # noqa: S603 a list of fixed words and a folder of ours, no shell
        [*launcher, "-m", "mammoflow.models.job", str(folder)],
        check=True,
        env=os.environ | {"PYTHONPATH": paths},
        close_fds=False,  # with the lock of `work.resumable`
    )


def run(folder: Path, progress: Callable[..., Any]) -> None:
    """Train from wherever the job stands to its end, and leave in the folder what came of it."""
    job, rows, places = _read(folder)
    make_deterministic(job.seed)
    head = networks.HEADS[job.head](job.n_classes)
    squares = Squares(np.load(job.squares, mmap_mode="r", allow_pickle=False), places)
    network = networks.load(
        Path(job.network), n_outputs=head.n_outputs, side=squares.side, drop_path=job.scheme.drop_path
    )
    inputs = networks.inputs_of(network, squares.side)
    if job.head == "coral":
        network = networks.Coral(network, job.n_classes)
    problem = Problem(squares, rows, inputs, head, job.scheme, job.seed)
    checkpoints = Checkpoints(folder, minutes=job.checkpoint_minutes)
    training = Training(network, problem, checkpoints)
    curve = training.run(progress)
    probabilities = training.probabilities(np.arange(len(places)))
    if training.accelerator.is_main_process:
        if job.keeps_weights:
            weights = networks.plain(training.judged)
            save_file({name: own.cpu().contiguous() for name, own in weights.items()}, folder / WEIGHTS)
        trained.save(folder, curve, probabilities)
        checkpoints.remove()
    training.accelerator.end_training()


def _read(folder: Path) -> tuple[Job, Rows, Int64]:
    settings = json.loads((folder / _SETTINGS).read_text())
    job = Job(**settings | {"scheme": Scheme(**settings["scheme"])})
    kept = load_arrays(folder / _ROWS)
    return job, Rows(kept["train"], kept["validation"], kept["targets"], kept.get("weights")), kept["places"]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    run(Path(sys.argv[1]), tqdm)
