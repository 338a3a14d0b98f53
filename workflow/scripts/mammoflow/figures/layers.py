"""Where the boxes of a diagram stand: in layers, each below all that it follows, with few crossings."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

_NARROW = 0.16  # room for a line that passes a layer, as a share of a box's
_SWEEPS = 8


@dataclass(frozen=True)
class Places:
    """Layers of names from top to bottom; names that no box has are room for lines that pass the layer."""

    layers: list[list[str]]
    depth: dict[str, int]  # layer of each name
    x: dict[str, float]  # its middle, in widths of a box from the left
    width: float  # of the widest layer, in widths of a box
    chains: list[list[str]]  # of each arrow, the names that it goes through, ends included


def place(names: list[str], arrows: list[tuple[str, str]]) -> Places:
    """Lay out boxes after Sugiyama, Tagawa and Toda (1981): layers by longest path, order by the mean of neighbours.

    Parameters
    ----------
    names
        In an order in which each comes after all that it follows.
    arrows
        From, to.
    """
    depth = dict.fromkeys(names, 0)
    for name in names:
        depth[name] = max((depth[before] + 1 for before, after in arrows if after == name), default=0)
    # What nothing comes before stands right above what follows it.
    for name in names:
        if not any(after == name for _, after in arrows):
            depth[name] = min((depth[after] - 1 for before, after in arrows if before == name), default=0)
    chains = []
    for before, after in arrows:
        passed = [f"{before} > {after} {at}" for at in range(depth[before] + 1, depth[after])]
        depth |= {name: depth[before] + 1 + at for at, name in enumerate(passed)}
        chains.append([before, *passed, after])
    layers = [[name for name in depth if depth[name] == at] for at in range(max(depth.values()) + 1)]
    room = {name: 1.0 if name in names else _NARROW for name in depth}
    layers = _ordered(layers, chains, room)
    width = max(sum(room[name] for name in layer) for layer in layers)
    return Places(layers, depth, _middles(layers, room, width), width, chains)


def _ordered(layers: list[list[str]], chains: list[list[str]], room: dict[str, float]) -> list[list[str]]:
    """The layers, each in the order of the mean places of what is above, then of what is below, in turn."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for chain in chains:
        for one, other in pairwise(chain):
            above.setdefault(other, []).append(one)
            below.setdefault(one, []).append(other)
    best, fewest = layers, _crossings(layers, below)
    for sweep in range(_SWEEPS):
        near = above if sweep % 2 == 0 else below
        width = max(sum(room[name] for name in layer) for layer in layers)
        x = _middles(layers, room, width)
        turned = []
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            # The sorted order counts at once for the next layer.
            ordered = sorted(layer, key=lambda name: fmean(x[one] for one in near.get(name, [name])))
            x |= _middles([ordered], room, width)
            turned.append(ordered)
        layers = turned if sweep % 2 == 0 else turned[::-1]
        if (crossings := _crossings(layers, below)) < fewest:
            best, fewest = layers, crossings
    return best


def _middles(layers: Iterable[list[str]], room: dict[str, float], width: float) -> dict[str, float]:
    """The middle of each name, its layer in the middle of the width."""
    found = {}
    for layer in layers:
        left = (width - sum(room[name] for name in layer)) / 2
        for name in layer:
            found[name] = left + room[name] / 2
            left += room[name]
    return found


def _crossings(layers: list[list[str]], below: dict[str, list[str]]) -> int:
    """How many pairs of lines between neighbouring layers cross."""
    at = {name: place for layer in layers for place, name in enumerate(layer)}
    found = 0
    for layer in layers:
        lines = [(at[one], at[other]) for one in layer for other in below.get(one, [])]
        found += sum(a < c and d < b for a, b in lines for c, d in lines)
    return found
