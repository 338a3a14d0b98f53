"""What each matching does to the signals of class and device, on two demos: devices that see all classes, or their own.

Run with: make bench
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "workflow/scripts")]

from mammoflow import tables
from mammoflow.demo.mammograms import DEVICES

EXAMS = 100
# Each way of matching, on pictures that are otherwise made alike.
_ALIKE = {"tone": "stored_range", "crop": "none", "longest_side": 1024}
RECIPES = {
    "none": {**_ALIKE, "matching": "none"},
    "image": {**_ALIKE, "matching": "image"},
    "device": {**_ALIKE, "matching": "device"},
    "device_plain": {**_ALIKE, "matching": "device", "pooling": "plain"},
}
TWINS = ("linear", "linear_too")  # devices of the demo with one tone curve
TOLERANCE = 0.02


def main() -> None:
    """Print the figures."""
    for devices in ("independent", "confounded"):
        with tempfile.TemporaryDirectory() as folder:
            measures = _measure(devices, Path(folder))
        print(f"\n{devices} devices, {EXAMS} exams, classes of equal size, development images only")
        print("balanced accuracy from intensities, by logistic regression, cross-validated by patient [95 % interval]")
        for recipe, frame in measures.items():
            after = frame[frame["state"] == "after"].set_index("measure")
            print(
                f"  {recipe:<13} device told {_told(after.loc['device_told'])}, class {_told(after.loc['class_told'])}"
            )
        if devices == "confounded":
            for recipe in ("none", "device", "device_plain"):
                _compare_twins(recipe, measures[recipe])


def _measure(devices: str, folder: Path) -> dict[str, pd.DataFrame]:
    """Run a demo as far as the numbers of each recipe (`tables.QUALITY`)."""
    demo = {"exams": EXAMS, "class_mix": "equal", "devices": devices}
    overlay = folder / "mine.yaml"
    overlay.write_text(yaml.safe_dump({"demo": demo, "recipes": RECIPES}), encoding="utf-8")
    targets = {recipe: f"results/quality/{recipe}/measures.tsv" for recipe in RECIPES}
    command = [sys.executable, "-m", "snakemake", *targets.values(), "--cores", "2", "--quiet", "all"]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), "--configfile", str(overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return {recipe: tables.read(folder / path, tables.QUALITY) for recipe, path in targets.items()}


def _told(row: pd.Series) -> str:
    return f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}] (chance {row['chance']:.2f})"


def _compare_twins(recipe: str, measures: pd.DataFrame) -> None:
    """Print the shares of bright tissue, by class and their mean over classes, of the devices with one tone curve."""
    shares = measures[(measures["state"] == "after") & (measures["measure"] == "bright_share")]
    found = [shares[shares["device"].str.startswith(DEVICES[twin].manufacturer)].set_index("label") for twin in TWINS]
    print(f"{recipe}: share of bright tissue of the two devices with one tone curve (n = images)")
    for label in found[0].index:
        print(
            f"  class {label}: "
            + " and ".join(f"{o.loc[label, 'value']:.3f} (n = {o.loc[label, 'n_images']})" for o in found)
        )
    means = [own["value"].mean() for own in found]
    gap = abs(means[0] - means[1])
    verdict = "equal" if gap <= TOLERANCE else "not equal"
    print(
        f"  mean of the classes: {means[0]:.3f} and {means[1]:.3f}: {verdict} within {TOLERANCE} (apart by {gap:.3f})"
    )


if __name__ == "__main__":
    main()
