"""Figures look as they did: drawn anew from fixed values, and compared with the pictures in baseline/.

After a change that is meant, make the pictures again, and look at each that differs:
    make test ARGS="tests/figures -n0 --mpl-generate-path=tests/figures/baseline"
"""

from pathlib import Path

import pytest
from matplotlib.testing.compare import compare_images

from mammoflow.figures.style import STYLE
from tests.figures.drawn import FIGURES

BASELINE = Path(__file__).parent / "baseline"
# Of the difference of two pictures, root mean square over pixels of 0 to 255: what another processor may round.
TOLERANCE = 0.5
SAVED = {"dpi": 60, "metadata": {"Software": None}}


def moved(line):
    """Lift the first point of a line by a tenth of its axes."""
    low, high = line.axes.get_ylim()
    y = [float(one) for one in line.get_ydata()]
    line.set_ydata([y[0] + (high - low) / 10, *y[1:]])


def cut(bar):
    bar.set_width(bar.get_width() * 0.8)


# A small fault for each figure: a point, a bar, a number or an arrow that is not what it was.
FAULTS = {
    "brightness": lambda figure: moved(figure.axes[0].lines[-1]),
    "classes": lambda figure: cut(figure.axes[0].patches[0]),
    "cohort": lambda figure: figure.axes[0].texts[0].set_text("91 reports found"),
    "confusion": lambda figure: figure.axes[0].texts[5].set_text("1\n2 %"),
    "embeddings_map": lambda figure: moved(figure.axes[0].lines[0]),
    "experiments": lambda figure: figure.axes[0].lines[1].set_xdata([0.9]),
    "few_shot": lambda figure: moved(figure.axes[0].lines[1]),
    "images": lambda figure: moved(figure.axes[-1].lines[0]),
    "mistakes": lambda figure: cut(figure.axes[4].patches[0]),
    "outline": lambda figure: figure.axes[0].patches[-1].remove(),
    "prompts": lambda figure: figure.axes[0].texts[1].set_text("0.00"),
    "reliability": lambda figure: moved(figure.axes[0].lines[1]),
    "roc": lambda figure: moved(figure.axes[0].lines[0]),
    "subgroups": lambda figure: figure.axes[0].lines[1].set_xdata([0.9]),
    "training": lambda figure: moved(figure.axes[1].lines[0]),
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.mpl_image_compare(baseline_dir="baseline", style=STYLE, tolerance=TOLERANCE, savefig_kwargs=SAVED)
def test_figure(name):
    return FIGURES[name]()


@pytest.mark.parametrize("name", FIGURES)
def test_a_small_fault_is_seen(name, tmp_path):
    figure = FIGURES[name]()
    figure.canvas.draw()  # so that what a fault moves is where it will be
    FAULTS[name](figure)
    figure.savefig(tmp_path / "faulty.png", **SAVED)
    difference = compare_images(
        BASELINE / f"test_figure_{name}.png", tmp_path / "faulty.png", tol=TOLERANCE, in_decorator=True
    )
    assert difference is not None


def test_pictures_are_small_and_none_is_left_over():
    pictures = list(BASELINE.iterdir())
    assert {path.name for path in pictures} == {f"test_figure_{name}.png" for name in FIGURES}
    assert sum(path.stat().st_size for path in pictures) < 1.5e6
