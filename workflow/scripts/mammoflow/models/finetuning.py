"""Fine-tuning: all layers of a network trained on pictures, on one device or several, killed and resumed at any time.

The order of batches and every random draw are functions of the seed and the step, so that a training that was killed
goes on to the very bits that it would have reached. An effective batch is divided among processes, and each process's
part into micro-batches that fit into memory; losses are weighted so that the sum is that of the whole batch.
"""

import contextlib
import copy
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from accelerate import Accelerator
from timm.optim import create_optimizer_v2
from timm.scheduler.cosine_lr import CosineLRScheduler
from timm.utils import ModelEmaV3
from torch.utils.data import DataLoader, TensorDataset

from mammoflow.models.augmentation import augment
from mammoflow.models.checkpoints import Checkpoints, Weights
from mammoflow.models.networks import Head, Inputs
from mammoflow.models.schemes import Scheme
from mammoflow.models.squares import Squares
from mammoflow.models.subsets import Rows, order

log = logging.getLogger(__name__)

Int64 = npt.NDArray[np.int64]
# Names of the running mean's weights in a checkpoint.
_AVERAGE = "average."
_AGREE_EVERY = 10  # steps
# What goes through the network at once, unless it does not fit.
MICRO_BATCH = {"cuda": 64, "cpu": 16}


@dataclass(frozen=True)
class Problem:
    """What is trained on what: pictures of all images, which of them train, and what outputs mean."""

    squares: Squares
    rows: Rows
    inputs: Inputs
    head: Head
    scheme: Scheme
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Effective batches an epoch; the last may be smaller."""
        return -(-len(self.rows.train) // self.scheme.batch)

    def batch(self, step: int) -> Int64:
        """The rows of an effective batch, by the step counted from 0."""
        epoch, place = divmod(step, self.steps_per_epoch)
        return order(self.rows.train, seed=self.seed, epoch=epoch + 1)[
            place * self.scheme.batch : (place + 1) * self.scheme.batch
        ]

    def weights(self, rows: Int64) -> npt.NDArray[np.float32]:
        """How much each of these rows counts in the loss."""
        own = self.rows.weights
        return np.ones(len(rows), np.float32) if own is None else own[self.rows.targets[rows]]


@dataclass
class Course:
    """How far a training has come."""

    step: int = 0
    loss: float = 0.0  # of this epoch so far, summed by the weight of images
    micro_batch: int = 0
    best_loss: float = float("inf")
    best_epoch: int = 0
    curve: list[dict[str, Any]] = field(default_factory=list)


class Training:
    """A network in training, with all that a checkpoint must hold."""

    def __init__(self, network: torch.nn.Module, problem: Problem, checkpoints: Checkpoints) -> None:
        """Take up the training where the last checkpoint left it, or begin it."""
        # float32 on a CPU: there its lower precision is slower.
        on_gpu = torch.cuda.is_available()
        self.accelerator = Accelerator(cpu=not on_gpu, mixed_precision="bf16" if on_gpu else "no")
        self.device = self.accelerator.device
        self.problem, self.checkpoints, self.course = problem, checkpoints, Course()
        self.course.micro_batch = min(MICRO_BATCH[self.device.type], problem.scheme.batch)
        network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = ModelEmaV3(network, decay=problem.scheme.average) if problem.scheme.average else None
        optimizer = _optimizer(network, problem.scheme, fused=self.device.type == "cuda")
        self.schedule = _schedule(optimizer, problem.scheme, problem.steps_per_epoch)
        self.best: Weights | None = None
        self._best_is_new = False
        self._resume(network, optimizer)
        self.network, self.optimizer = self.accelerator.prepare(network, optimizer)

    @property
    def own(self) -> torch.nn.Module:
        """The network as it is, without what several processes wrap around it."""
        return self.accelerator.unwrap_model(self.network)

    @property
    def judged(self) -> torch.nn.Module:
        """The network that validates and is kept: the running mean of the weights, where there is one."""
        return self.own if self.average is None else self.average.module

    def run(self, progress: Callable[..., Any]) -> list[dict[str, Any]]:
        """Train to the end; the network then has the weights of its best epoch.

        Parameters
        ----------
        progress
            Wraps the steps, such as tqdm.

        Returns
        -------
        list of dict
            The learning curve: rows of `tables.CURVE`.

        Raises
        ------
        RuntimeError
            If the validation loss was never a number.
        Stopped
            If the process was asked to end; a checkpoint is written.
        """
        self.checkpoints.listen()
        most, per_epoch = self.problem.scheme.max_epochs, self.problem.steps_per_epoch
        steps = range(self.course.step, most * per_epoch)
        shown = progress(steps, initial=self.course.step, total=most * per_epoch, disable=not self._is_first)
        for step, pictures in zip(shown, self._ahead(steps), strict=False):
            if self._stops_early():
                break
            self._step(step, pictures)
            self.course.step = step + 1
            if self.course.step % per_epoch == 0:
                self._end_epoch()
                self._save()
            elif self._is_due():
                self._save()
        return self._finish()

    @torch.inference_mode()
    def outputs(self, rows: Int64) -> torch.Tensor:
        """What the judged network gives for rows, in their order: (n, outputs) float32 on the CPU, in every process."""
        self.judged.eval()
        numbered = TensorDataset(torch.from_numpy(rows))
        loader = self.accelerator.prepare(DataLoader(numbered, batch_size=self.course.micro_batch))
        found = []
        for (batch,) in loader:
            greys = torch.from_numpy(self.problem.squares[batch.cpu().numpy()]).to(self.device)
            with self.accelerator.autocast():
                own = self.judged(self._pictures(greys))
            found.append(self.accelerator.gather_for_metrics(own.float()).cpu())
        return torch.cat(found)

    def probabilities(self, rows: Int64) -> npt.NDArray[np.float64]:
        """The judged network's probabilities of rows, in their order: (n, classes) float64."""
        return self.problem.head.probabilities(self.outputs(rows).double()).numpy()

    @property
    def _is_first(self) -> bool:
        return bool(self.accelerator.is_main_process)

    def _pictures(self, greys: torch.Tensor) -> torch.Tensor:
        return self.problem.inputs.of(greys).contiguous(memory_format=torch.channels_last)

    def _share(self, step: int) -> Int64:
        """The part of an effective batch that is this process's."""
        whole = self.problem.batch(step)
        return whole[self.accelerator.process_index :: self.accelerator.num_processes]

    def _ahead(self, steps: range) -> Iterator[torch.Tensor]:
        """The grey pictures of each step, (n, side, side) uint8; a thread reads the next while one is trained on."""

        def read(step: int) -> torch.Tensor:
            """Pictures in memory that a GPU can copy from by itself."""
            greys = torch.from_numpy(self.problem.squares[self._share(step)])
            return greys.pin_memory() if self.device.type == "cuda" else greys

        with ThreadPoolExecutor(max_workers=1) as reader:
            waiting = reader.submit(read, steps[0]) if steps else None
            for step in steps:
                assert waiting is not None
                greys = waiting.result()
                waiting = reader.submit(read, min(step + 1, steps[-1]))
                yield greys.to(self.device, non_blocking=True)

    def _step(self, step: int, greys: torch.Tensor) -> None:
        """One step of the optimizer on an effective batch; a smaller micro-batch where memory does not suffice."""
        while True:
            try:
                self._backward(step, greys)
                break
            except torch.OutOfMemoryError:
                if self.course.micro_batch == 1:
                    raise
            self.course.micro_batch //= 2
            log.warning("out of memory: micro-batches of %d images from step %d on", self.course.micro_batch, step)
            self.optimizer.zero_grad()
            torch.cuda.empty_cache()
        if self.schedule is not None:
            self.schedule.step_update(step)
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.average is not None:
            self.average.update(self.own)

    def _backward(self, step: int, greys: torch.Tensor) -> None:
        """Gradients of the mean loss over an effective batch, of which this process sees a part."""
        scheme, rows = self.problem.scheme, self._share(step)
        self.network.train()
        # What layers draw, such as dropout, follows from the step, so that a resumed training draws the same.
        torch.manual_seed(int(np.random.SeedSequence([self.problem.seed, step]).generate_state(1)[0]))
        rng = np.random.default_rng([self.problem.seed, step, self.accelerator.process_index])
        pictures = self._pictures(greys)
        if scheme.flip or scheme.degrees:
            pictures = augment(pictures, flip=scheme.flip, degrees=scheme.degrees, rng=rng)
        targets, weights = self._targets(rows)
        of_batch = float(self.problem.weights(self.problem.batch(step)).sum())
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        parts = range(0, max(1, len(rows)), self.course.micro_batch)
        for start in parts:
            part = slice(start, start + self.course.micro_batch)
            is_last = start == parts[-1]
            with contextlib.nullcontext() if is_last else self.accelerator.no_sync(self.network):
                outputs = self.network(pictures[part].contiguous(memory_format=torch.channels_last))
                losses = self.problem.head.losses(outputs.float(), targets[part], scheme.label_smoothing)
                loss = (losses * weights[part]).sum()
                # Processes average their gradients, and the sum over them is wanted.
                self.accelerator.backward(loss / of_batch * self.accelerator.num_processes)
            total += loss.detach()
        self._loss += total

    def _targets(self, rows: Int64) -> tuple[torch.Tensor, torch.Tensor]:
        """Class positions of rows, and how much each counts in the loss."""
        targets = torch.from_numpy(self.problem.rows.targets[rows]).to(self.device)
        return targets, torch.from_numpy(self.problem.weights(rows)).to(self.device)

    def _stops_early(self) -> bool:
        return len(self.course.curve) - self.course.best_epoch >= self.problem.scheme.patience

    def _end_epoch(self) -> None:
        """Validate, add to the curve, and keep the weights if they are the best so far."""
        rows, course = self.problem.rows, self.course
        outputs = self.outputs(rows.validation)
        targets, weights = (own.cpu() for own in self._targets(rows.validation))
        loss = float((self.problem.head.losses(outputs, targets, 0.0) * weights).sum() / weights.sum())
        guesses = self.problem.head.probabilities(outputs).argmax(dim=1)
        trained = self.accelerator.reduce(self._loss, reduction="sum").item() / self.problem.weights(rows.train).sum()
        course.curve.append(
            {
                "epoch": len(course.curve) + 1,
                "train_loss": float(trained),
                "validation_loss": loss,
                "validation_accuracy": (guesses == targets).double().mean().item(),
                "best": False,
            }
        )
        self._loss.zero_()
        if loss < course.best_loss:
            course.best_loss, course.best_epoch = loss, len(course.curve)
            self.best, self._best_is_new = copy.deepcopy(self.judged.state_dict()), True

    def _is_due(self) -> bool:
        """Whether a checkpoint is due; several processes agree on it, but not at every step, to lose no time."""
        if self.accelerator.num_processes == 1:
            return self.checkpoints.due
        if self.course.step % _AGREE_EVERY:
            return False
        return bool(self.accelerator.reduce(torch.tensor(self.checkpoints.due, device=self.device).long()).item())

    def _save(self) -> None:
        """Write a checkpoint; the first process does, for all."""
        self.course.loss = self.accelerator.reduce(self._loss, reduction="sum").item()
        if self._is_first:
            averaged = {} if self.average is None else self.average.module.state_dict()
            weights = self.own.state_dict() | {_AVERAGE + name: own for name, own in averaged.items()}
            course = asdict(self.course) | {"optimizer": self.optimizer.state_dict()}
            self.checkpoints.save(weights=weights, best=self.best if self._best_is_new else None, course=course)
            self._best_is_new = False
        self.checkpoints.end_if_asked()

    def _resume(self, network: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self._loss = torch.zeros((), dtype=torch.float64, device=self.device)
        found = self.checkpoints.load()
        if found is None:
            return
        weights, self.best, course = found
        optimizer.load_state_dict(course.pop("optimizer"))
        network.load_state_dict({name: own for name, own in weights.items() if not name.startswith(_AVERAGE)})
        if self.average is not None:
            averaged = {n.removeprefix(_AVERAGE): own for n, own in weights.items() if n.startswith(_AVERAGE)}
            self.average.module.load_state_dict(averaged)
        self.course = Course(**course)
        # What another process has seen of this epoch is in the first one's account.
        if self._is_first:
            self._loss += self.course.loss
        log.info("goes on at step %d, epoch %d", self.course.step, len(self.course.curve) + 1)

    def _finish(self) -> list[dict[str, Any]]:
        """Put the best weights into the network."""
        if self.best is None:
            raise RuntimeError("the validation loss was never a number; the training diverged")
        self.judged.load_state_dict(self.best)
        return [row | {"best": row["epoch"] == self.course.best_epoch} for row in self.course.curve]


def _optimizer(network: torch.nn.Module, scheme: Scheme, *, fused: bool) -> torch.optim.Optimizer:
    """AdamW as published, or with a learning rate that falls from stage to stage towards the input."""
    if not scheme.layer_decay:
        return torch.optim.AdamW(
            network.parameters(), lr=scheme.learning_rate, weight_decay=scheme.weight_decay, fused=fused
        )
    return create_optimizer_v2(
        network,
        opt="adamw",
        lr=scheme.learning_rate,
        weight_decay=scheme.weight_decay,
        layer_decay=scheme.layer_decay,
        fused=fused,
    )


def _schedule(optimizer: torch.optim.Optimizer, scheme: Scheme, steps_per_epoch: int) -> CosineLRScheduler | None:
    """The learning rate by step: up in the warm-up, down by a cosine; None where it stays."""
    if not scheme.warm_up:
        return None
    return CosineLRScheduler(
        optimizer,
        t_initial=scheme.max_epochs * steps_per_epoch,
        warmup_t=scheme.warm_up * steps_per_epoch,
        t_in_epochs=False,
    )
