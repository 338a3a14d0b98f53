"""Images that a public data set lists beside those that are there; a wrong download is told in one line."""

import os

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mammoflow import datasets, downloads, tables
from mammoflow.errors import UserError
from tests import trees
from tests.conftest import REPO
from tests.small_sets import Opened

NAMES = st.text("abc", min_size=1, max_size=2)
DOWNLOAD = "results/images/download.tsv"


@given(st.sets(NAMES), st.lists(NAMES | st.just("")))
def test_counts_add_up(listed, images):
    counts = downloads.compare(listed, images).set_index("what")["n_images"]
    assert counts["listed"] == len(listed) == counts["found"] + counts["missing"]
    assert counts["found"] == len({image for image in images if image in listed})
    assert counts["unlisted"] == len([image for image in images if image not in listed])


@given(st.sets(NAMES), st.lists(NAMES))
def test_a_download_is_complete_where_nothing_is_missing(listed, images):
    missing = downloads.compare(listed, images).set_index("what")["n_images"]["missing"]
    if not missing:
        downloads.check_complete(listed, images, files=["train.csv"], page="page.md")
        return
    with pytest.raises(UserError) as said:
        downloads.check_complete(listed, images, files=["train.csv"], page="page.md")
    assert str(said.value).startswith(f"{missing} of {len(listed)} images listed in train.csv ")


def test_a_partial_download_says_what_is_missing_and_what_to_do():
    with pytest.raises(UserError) as said:
        downloads.check_complete({"b", "a", "c"}, ["c", ""], files=["one.csv", "two.csv"], page="docs/page.md")
    assert str(said.value) == (
        "2 of 3 images listed in one.csv and two.csv of dataset.root are not there, the first is 'a'; "
        "get them, or set dataset.partial: true to go on without them; read docs/page.md"
    )


def configured(directory, root, **dataset):
    path = directory / "mine.yaml"
    path.write_text(yaml.safe_dump({"dataset": {"root": str(root), **dataset}, "shards": 2}))
    return "--configfile", REPO / "config/rsna.yaml", path


def ours(done):
    """The lines of the output that are the workflow's own words."""
    return [line.partition("mammoflow: ")[2] for line in done.stdout.splitlines() if "mammoflow: " in line]


@pytest.fixture
def partial(tmp_path):
    """A tree of RSNA 2023, of which an image is missing and one too many is there."""
    root = trees.rsna(tmp_path / "set", np.random.default_rng(0), trees.rsna_patients(count=3))
    images = root / "train_images"
    (images / "10001/900000005.dcm").rename(images / "10001/1.dcm")
    return root


@pytest.mark.workflow
def test_a_partial_download_stops_before_any_image_is_read(snakemake_run, tmp_path, partial):
    said = (
        "1 of 12 images listed in train.csv of dataset.root are not there, the first is '900000005'; "
        "get them, or set dataset.partial: true to go on without them; read docs/data-sets/rsna.md"
    )
    done = snakemake_run(tmp_path, "results/images/images.tsv", *configured(tmp_path, partial))
    assert done.returncode != 0
    assert said in done.stdout
    assert "Traceback" not in done.stdout
    assert not list((tmp_path / "results").rglob("shards/*.tsv"))
    again = snakemake_run(tmp_path, "results/images/images.tsv", *configured(tmp_path, partial, partial=True))
    assert again.returncode == 0, again.stdout[-4000:]
    counts = tables.read(tmp_path / DOWNLOAD, tables.DOWNLOAD).set_index("what")["n_images"]
    assert counts.to_dict() == {"found": 11, "listed": 12, "missing": 1, "unlisted": 1}
    # A file that was touched is read again, and the names are what they were.
    os.utime(partial / "train_images/10000/900000000.dcm")
    planned = snakemake_run(tmp_path, "-n", "results/images/images.tsv", *configured(tmp_path, partial, partial=True))
    assert planned.stdout.count("rule scan_images:") == 1
    assert "rule check_download:" not in planned.stdout
    # A new file is found, and asks for the check.
    trees.dicom("rsna", partial / "train_images/10001/900000005.dcm", np.random.default_rng(1))
    planned = snakemake_run(tmp_path, "-n", "results/images/images.tsv", *configured(tmp_path, partial))
    assert planned.stdout.count("rule check_download:") == 1
    assert "rule scan_images:" in planned.stdout


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("train.csv", "which has no file 'train.csv'; read docs/data-sets/rsna.md"),
        ("train_images", "which has no folder 'train_images'; read docs/data-sets/rsna.md"),
    ],
)
def test_a_wrong_download_is_told_at_once(snakemake_run, tmp_path, partial, gone, said):
    (partial / gone).rename(partial / "elsewhere")
    done = snakemake_run(tmp_path, "-n", *configured(tmp_path, partial))
    assert done.returncode != 0
    assert ours(done) == [f"config: dataset.root leads to {str(partial)!r}, {said}"]


@pytest.mark.parametrize("kind", ["vindr_mammo", "embed"])
def test_found_images_are_those_that_are_listed(tmp_path, kind):
    rng = np.random.default_rng(0)
    if kind == "vindr_mammo":
        root = trees.vindr_mammo(tmp_path, rng, count=2)
    else:
        images, findings = trees.embed_patients(count=2)
        # A type that nobody knows is no image to miss.
        root = trees.embed(tmp_path, rng, [*images, trees.embed_image(9, 9, "1.9", FinalImageType="4D")], findings)
    opened = Opened(kind, root, tmp_path / "private")
    found = datasets.found(opened.dataset, opened.files, opened.images)
    assert set(found) - {""} == opened.listed()
    assert len(opened.listed()) == 8
