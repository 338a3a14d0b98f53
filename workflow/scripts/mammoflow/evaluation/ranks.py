"""Measures that follow from the order of scores, on many weightings of patients at once: AUROC, average precision."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoflow.evaluation.measures import Counts, Floats, Weights, ratio

_CELLS = 2**18  # of a chunk of (rows, resamples), so that it stays near the processor; changes no value


@dataclass(frozen=True)
class Areas:
    """Of each resample the areas under two curves; NaN where undefined."""

    auroc: Floats  # (R,) under the ROC curve; undefined without a positive or without a negative row
    average_precision: Floats  # (R,) undefined without a positive row


def areas(positive: NDArray[np.bool_], scores: Floats, *, patient: Counts, weights: Weights) -> Areas:
    """Areas under the ROC and the precision-recall curve on each resample.

    The first is the share of pairs of a positive and a negative row that the scores order rightly, ties counting half
    (Mann and Whitney's U). The second is the mean, over positive rows, of the precision among all rows of at least
    their score. Weights are counts, so that every sum but the last of the second is exact.

    Parameters
    ----------
    positive : (N,) bool
    scores : (N,) float64
    patient : (N,) int64
        Position of each row's patient, 0 to P - 1.
    weights : (R, P) uint16
        How often each patient is drawn.
    """
    order = np.argsort(-scores, kind="stable")
    ties = _Ties.of(scores[order], positive[order])
    rows = patient[order]
    by_patient = (np.ascontiguousarray(weights[chunk].T, np.int32) for chunk in _chunks(len(weights), len(scores)))
    found = [_of_sorted(own[rows], ties) for own in by_patient]
    return Areas(*(np.concatenate(parts) for parts in zip((np.empty(0), np.empty(0)), *found, strict=True)))


@dataclass(frozen=True)
class _Ties:
    """Where the ties of each of M positive rows begin and end among rows sorted by falling score."""

    positive: Counts  # (M,) positions of the positive rows
    start: Counts  # (M,) rows before the ties
    end: Counts  # (M,) rows before the end of the ties
    positive_start: Counts  # (M,) positive rows before the ties
    positive_end: Counts  # (M,) positive rows before the end of the ties

    @classmethod
    def of(cls, scores: Floats, positive: NDArray[np.bool_]) -> "_Ties":
        begins = np.r_[True, scores[1:] != scores[:-1]]
        bounds = np.r_[np.flatnonzero(begins), len(scores)]
        rows = np.flatnonzero(positive)
        run = np.cumsum(begins)[rows] - 1
        start, end = bounds[run], bounds[run + 1]
        return cls(rows, start, end, np.searchsorted(rows, start), np.searchsorted(rows, end))


def _of_sorted(weights: NDArray[np.int32], ties: _Ties) -> tuple[Floats, Floats]:
    """Both areas of each column of (N, R) weights of rows sorted by falling score."""
    own = weights[ties.positive]
    seen, true = _counted(weights), _counted(own)
    n_true = true[-1]
    n_false = seen[-1] - n_true
    true_end, seen_end = true[ties.positive_end], seen[ties.end]
    # Rows of weight 0 add nothing, so that any divisor serves where nothing was seen.
    precision = (own * (true_end / np.maximum(seen_end, 1))).sum(axis=0)
    false_above = (seen_end - true_end) + (seen[ties.start] - true[ties.positive_start])
    pairs = (own * (2 * n_false - false_above)).sum(axis=0, dtype=np.int64)
    return ratio(pairs / 2, n_true * n_false.astype(np.int64)), ratio(precision, n_true)


def _counted(weights: NDArray[np.int32]) -> NDArray[np.int32]:
    """Sums of the rows before each row, and of all: (N + 1, R)."""
    found = np.zeros((len(weights) + 1, weights.shape[1]), dtype=np.int32)
    np.cumsum(weights, axis=0, out=found[1:])
    return found


def _chunks(resamples: int, rows: int) -> Iterator[slice]:
    step = max(1, _CELLS // max(1, rows))
    for start in range(0, resamples, step):
        yield slice(start, start + step)
