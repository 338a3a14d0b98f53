"""Doctor: what this machine has of what a configuration needs, in plain words.

    python -m mammoflow.doctor [--config OVERLAY ...]

Run it in the folder where results/ lies or shall lie. Each line starts with ok, missing or note; the exit status is 1
where something that this configuration needs is missing. Nothing is fetched, and no file of a patient is opened or
named.
"""

import argparse
import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydicom import uid

from mammoflow import configuration, inputs, layouts
from mammoflow.demo.phantoms import COLUMNS, ROWS
from mammoflow.dicom import decoders as dicom_decoders
from mammoflow.dicom import syntaxes
from mammoflow.errors import UserError
from mammoflow.layouts import Layout, Source
from mammoflow.models import snapshot_files

ROOT = Path(__file__).resolve().parents[3]
PYTHONS = ((3, 11), (3, 13))  # the first and the last that requirements.lock is for

# What mammograms are written in, and what brings a missing decoder.
SYNTAXES = (
    ("RLE", uid.RLELossless),
    ("JPEG baseline", uid.JPEGBaseline8Bit),
    ("JPEG extended", uid.JPEGExtended12Bit),
    ("JPEG lossless", uid.JPEGLossless),
    ("JPEG lossless, first order", uid.JPEGLosslessSV1),
    ("JPEG-LS lossless", uid.JPEGLSLossless),
    ("JPEG-LS near lossless", uid.JPEGLSNearLossless),
    ("JPEG 2000 lossless", uid.JPEG2000Lossless),
    ("JPEG 2000", uid.JPEG2000),
    ("HTJ2K lossless", uid.HTJ2KLossless),
    ("HTJ2K lossless, RPCL", uid.HTJ2KLosslessRPCL),
    ("HTJ2K", uid.HTJ2K),
)

# Programs that no run stops for: what each is for, and how it comes.
PROGRAMS = (
    (("git",), "the report cannot name the commit of the code", "install git"),
    (
        ("chromium", "chromium-browser", "google-chrome"),
        "tests cannot look at the report page with it",
        "install chromium",
    ),
    (("dciodvfy",), "tests cannot check the demo's DICOM files with it", "make test-tools"),
    (("conda",), "only --software-deployment-method conda needs it", ""),
)

# Those that embed, or train a network.
NEED_TORCH = ("zero_shot", "linear_probe", "logistic_regression", "nearest_neighbours", "fine_tune")
# A snapshot of BiomedCLIP has 0.8 GB; the weights of ConvNeXt-Base 0.36 GB, kept once more for each seed.
ENCODER_BYTES, NETWORK_BYTES = 800_000_000, 400_000_000
VECTOR_BYTES = 5120  # 512 numbers, and the 768 that they are projected from, of four bytes
HISTOGRAM_BYTES = 2**14 * 8  # a count for each value of 14 bits
IMAGES_AN_EXAM = 4
ASPECT = 0.8  # short side of a mammogram by its long side, rounded up


@dataclass(frozen=True)
class Finding:
    """What was looked for: `state` is ok, missing or note; `needed`, whether a run fails where it is missing."""

    state: str
    what: str
    remedy: str = ""
    needed: bool = True


def main(arguments: list[str]) -> int:
    """Print the findings; the exit status."""
    parser = argparse.ArgumentParser(prog="mammoflow.doctor", description="What is there, and what is missing.")
    parser.add_argument("--config", nargs="*", default=[], help="overlays of config.yaml, in Snakemake's order")
    try:
        config = load([ROOT / "config.yaml", *map(Path, parser.parse_args(arguments).config)])
        configuration.check(config, ROOT / "workflow/schemas/config.schema.yaml")
    except UserError as error:
        print(f"mammoflow: {error}", file=sys.stderr)
        return 1
    failed = False
    for finding in examine(config):
        print(f"{finding.state:<8} {finding.what}" + (f"; {finding.remedy}" if finding.remedy else ""))
        failed = failed or (finding.state == "missing" and finding.needed)
    return int(failed)


def load(files: list[Path]) -> dict[str, Any]:
    """Configuration files merged as Snakemake does: mappings key by key, lists and values replaced.

    Raises
    ------
    UserError
        If a file is not there, or is no YAML with keys.
    """
    config: dict[str, Any] = {}
    for file in files:
        try:
            overlay = yaml.safe_load(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise UserError(f"{file}: {error.strerror}; give the path of a configuration file") from None
        except (yaml.YAMLError, UnicodeDecodeError):
            raise UserError(f"{file} is no YAML; see config.yaml for how it is written") from None
        if not isinstance(overlay, dict):
            raise UserError(f"{file} has no keys at its top level; see config.yaml")
        config = merged(config, overlay)
    return config


def merged(config: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """One mapping over another, key by key."""
    result = dict(config)
    for key, value in overlay.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def examine(config: dict[str, Any]) -> Iterator[Finding]:
    """Every finding, the machine's first."""
    demo = config["dataset"]["kind"] == "demo"
    layout = Layout() if demo else layouts.of(config["dataset"], config["labels"], config["split"])
    # Without images there are labels, but no models.
    has_images = demo or layout.images is not None
    methods = {experiment["method"] for experiment in configuration.predicted(config).values()}
    yield python_version(sys.version_info[:2])
    yield from graphics(needed=has_images and bool(methods & set(NEED_TORCH)))
    yield font()
    yield from programs()
    yield from decoders()
    yield from places(layout)
    if has_images:
        yield from models(config)
        yield from disk(config, layout)


def python_version(version: tuple[int, ...]) -> Finding:
    """Whether the lock is for this Python."""
    first, last = (f"{major}.{minor}" for major, minor in PYTHONS)
    said = f"Python {version[0]}.{version[1]}"
    if PYTHONS[0] <= version <= PYTHONS[1]:
        return Finding("ok", said)
    return Finding("missing", f"Python {first} to {last}: this is {said}", "make demo PYTHON=/path/to/python3.12")


def graphics(*, needed: bool) -> Iterator[Finding]:
    """Torch, and the GPU that it sees."""
    try:
        torch = importlib.import_module("torch")
        cuda = torch.cuda.is_available()
    except (ImportError, OSError) as error:
        what = f"torch: cannot be imported ({type(error).__name__})"
        yield Finding("missing", what, "delete .venv and run make demo", needed)
        return
    yield Finding("ok", f"torch {torch.__version__}")
    if not cuda:
        yield Finding("note", "no GPU that torch can use: models run on the CPU; fine-tuning then takes hours")
        return
    for number in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(number)
        yield Finding("ok", f"GPU {about.name}, {about.total_memory / 2**30:.0f} GiB")


def font() -> Finding:
    """The font that all figures are set in."""
    from matplotlib import font_manager

    try:
        font_manager.findfont("DejaVu Sans", fallback_to_default=False)
    except ValueError:
        return Finding("missing", "font DejaVu Sans: figures would differ", "pip install --force-reinstall matplotlib")
    return Finding("ok", "font DejaVu Sans")


def programs() -> Iterator[Finding]:
    """Programs beside Python; a run does without each of them."""
    for names, without, remedy in PROGRAMS:
        if any(map(shutil.which, names)):
            yield Finding("ok", names[0])
        else:
            yield Finding("note", f"no {names[0]}: {without}", remedy)


def decoders() -> Iterator[Finding]:
    """Each transfer syntax, and what decodes it; which of them a cohort holds only its scan can say."""
    for name, syntax in SYNTAXES:
        said = f"DICOM {name} ({syntax})"
        if by := dicom_decoders.name_of(syntaxes.of(syntax)):
            yield Finding("ok", f"{said}: {by}")
        else:
            what = f"{said}: such files would be quarantined as no_decoder"
            yield Finding("missing", what, dicom_decoders.REMEDY, needed=False)


def models(config: dict[str, Any]) -> Iterator[Finding]:
    """The weights of what `run` uses."""
    if config["weights"] == "random":
        yield Finding("ok", "models: weights is random, tiny untrained ones are made here")
        return
    encoders, networks = models_in_use(config)
    for name in encoders:
        settings = config["encoders"][name]
        yield encoder(name, settings["source"], settings.get("kind", "open_clip"))
    if config["translate"]["engine"] != "none":
        yield translator(config["translate"]["source"])
    for name in networks:
        if name in config["experiments"]:
            # The configuration was refused if the file were not there.
            yield Finding("ok", f"network of {name}: {config['experiments'][name]['weights_file']}")
            continue
        yield fetched(
            f"network {name}",
            Path("results/models/networks") / name,
            f"timm/{name}",
            f"put its config.json and model.safetensors into results/models/networks/{name}",
        )


def models_in_use(config: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Encoders and networks that an experiment uses which is predicted; one with a file of its own has its name."""
    used = configuration.predicted(config)
    return (
        sorted({one["encoder"] for one in used.values() if "encoder" in one}),
        sorted({name if "weights_file" in one else one["model"] for name, one in used.items() if "model" in one}),
    )


def encoder(name: str, source: str, kind: str) -> Finding:
    """An encoder's snapshot: what its folder lacks, or where on the hub it is."""
    own, to_do = Path("results/models/encoders") / name, f"set encoders.{name}.source to local-dir:FOLDER"
    return snapshot(f"encoder {name}", source, kind, own, to_do)


def translator(source: str) -> Finding:
    """The translation model's snapshot: what its folder lacks, or where on the hub it is."""
    own, to_do = Path("results/models/translator"), "set translate.source to local-dir:FOLDER"
    return snapshot("translator", source, "translator", own, to_do)


def snapshot(what: str, source: str, kind: str, own: Path, without_hub: str) -> Finding:
    """A model's snapshot: what the user's folder lacks, or where on the hub it is, from where it comes into `own`."""
    origin, _, place = source.partition(":")
    if origin != "local-dir":
        return fetched(what, own, place, without_hub)
    lacks = snapshot_files.lacking(Path(place), kind)
    if lacks:
        what = f"{what}: the folder {place} lacks {', '.join(lacks)}"
        return Finding("missing", what, "copy the whole snapshot of the model there")
    return Finding("ok", f"{what}: in the folder {place}")


def fetched(what: str, folder: Path, hub: str, without_hub: str) -> Finding:
    """A model of the hub: there from an earlier run, or to be fetched."""
    if folder.with_name(f"{folder.name}.tsv").is_file():
        return Finding("ok", f"{what}: fetched")
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        if folder.is_dir() and any(folder.iterdir()):
            return Finding("ok", f"{what}: in {folder}")
        return Finding(
            "missing",
            f"{what}: HF_HUB_OFFLINE is set, so {hub} cannot be fetched",
            f"unset it, or {without_hub}",
        )
    return Finding("note", f"{what}: {hub} will be fetched from the hub by the rule fetch_{what.split()[0]}")


def places(layout: Layout) -> Iterator[Finding]:
    """The folders and files that the configuration names."""
    if layout.images:
        yield place(layout.images, folder=True)
    if layout.reports:
        is_table = layout.reports.paths[0].suffix.lower() in layouts.REPORT_TABLES
        yield place(layout.reports, folder=not is_table)
    for source in layout.annotations:
        yield place(source, folder=False)


def place(source: Source, *, folder: bool) -> Finding:
    """A folder, or a file, by the key that names it."""
    wanted = "folder" if folder else "file"
    there = any(path.is_dir() if folder else path.is_file() for path in source.paths)
    paths = " or ".join(map(str, source.paths))
    if there:
        return Finding("ok", f"{source.key}: the {wanted} is there")
    return Finding("missing", f"{source.key}: no {wanted} {paths}", f"put the right path under {source.key}")


def disk(config: dict[str, Any], layout: Layout) -> Iterator[Finding]:
    """The images found, and whether what is made of them fits on the disk."""
    demo = config["dataset"]["kind"] == "demo"
    if not demo and not any(path.is_dir() for path in _paths(layout)):
        return
    try:
        sizes = [file.bytes for path in _paths(layout) for file in inputs.walk(path, layout.image_suffixes)]
    except UserError:
        # The walk's own message names a folder, which may be called after a patient.
        yield Finding("missing", "images: a folder below it may not be read", "allow reading it, or move it out")
        return
    count = IMAGES_AN_EXAM * config["demo"]["exams"] if demo else len(sizes)
    if not demo and count == 0:
        yield Finding("missing", "images: no file in the folder is an image", "see docs/own-data.md")
        return
    if not demo:
        yield Finding("ok", f"images: {count:,} files, {gigabytes(sum(sizes))}")
    yield space(bytes_needed(config, count), held=bytes_below(Path("results")), free=shutil.disk_usage(".").free)


def _paths(layout: Layout) -> tuple[Path, ...]:
    return layout.images.paths if layout.images else ()


def space(needed: int, *, held: int, free: int) -> Finding:
    """Whether what is still to be written fits."""
    what = (
        f"disk: a run writes at most about {gigabytes(needed)} (for each image a 16-bit picture, a histogram, a PNG "
        "for each recipe and an embedding for each encoder and recipe; and weights), "
        f"{gigabytes(held)} are in results/, {gigabytes(free)} are free"
    )
    if free < needed - held:
        return Finding("missing", what, "free some, or run in a folder on another disk")
    return Finding("ok", what)


def bytes_needed(config: dict[str, Any], count: int) -> int:
    """An upper estimate of what a run on this many image files writes; docs/doctor.md says it in words."""
    used = configuration.predicted(config).values()
    recipes = {one["recipe"] for one in used if "recipe" in one}
    pairs = {(one["encoder"], one["recipe"]) for one in used if "encoder" in one}
    demo = config["dataset"]["kind"] == "demo"
    own = ROWS * COLUMNS if demo else None
    each = 2 * pixels(config["scan"]["longest_side"], own) + HISTOGRAM_BYTES
    each += sum(pixels(config["recipes"][recipe]["longest_side"], own) for recipe in recipes)
    each += VECTOR_BYTES * len(pairs)
    if demo:
        each += 2 * ROWS * COLUMNS  # the DICOM file, made here
    return count * each + weights_bytes(config)


def pixels(longest_side: int, own: int | None) -> int:
    """Pixels of a picture of this longest side; of the demo's, which are not enlarged, at most their own."""
    most = int(ASPECT * longest_side**2)
    return most if own is None else min(most, own)


def weights_bytes(config: dict[str, Any]) -> int:
    """Snapshots of pretrained models, and the weights that each fine-tuning keeps; random ones are tiny."""
    if config["weights"] == "random":
        return 0
    encoders, networks = models_in_use(config)
    trainings = [one for one in configuration.predicted(config).values() if one["method"] == "fine_tune"]
    kept = len(networks) + len(trainings) * len(config["split"]["seeds"])
    return ENCODER_BYTES * len(encoders) + NETWORK_BYTES * kept


def bytes_below(folder: Path) -> int:
    """Bytes of the files below a folder; 0 where there is none."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size
            except FileNotFoundError:  # a run may be at work there
                continue
    return total


def gigabytes(size: int) -> str:
    """A size as people say it."""
    return f"{size / 1e9:.1f} GB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
