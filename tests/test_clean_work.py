"""What no table names is taken away from results/work, and nothing else."""

import pytest

from mammoflow import clean_work, run_record, running, tables

PICTURES = "results/work/pictures"
ARRAY = "results/work/arrays/new/squares.npy"
VECTORS = "results/work/embeddings/encoder/new/embeddings.safetensors"
WANTED = [f"{PICTURES}/aa/new.safetensors", ARRAY, VECTORS]
# Of other settings or files, and what a killed job left.
UNWANTED = [
    f"{PICTURES}/aa/old.safetensors",
    f"{PICTURES}/bb/old.safetensors",
    f"{PICTURES}/aa/.half.safetensors",
    "results/work/arrays/old/squares.npy",
    "results/work/embeddings/encoder/old/embeddings.safetensors",
    "results/work/probes/.key.123/head.safetensors",
]
# Nobody names them, but they are dear, or small.
STAYING = [
    "results/work/fine_tuning/key/weights.safetensors",
    "results/work/fine_tuning/other.begun/checkpoint/course.pt",
    "results/work/prompts/key/prompts.safetensors",
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory after a run, and after others before it."""
    monkeypatch.chdir(tmp_path)
    for name in (*WANTED, *UNWANTED, *STAYING):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    image = {"image_id": "x", "file_id": "x", "picture": "aa/new.safetensors", "status": "accepted"}
    write("results/images/shards/0.tsv", tables.IMAGES, image)
    write("results/arrays/paper/160.tsv", tables.ARRAYS, {"image_id": "x", "sha256": "0", "file": ARRAY, "row": 0})
    embedded = {"image_id": "x", "sha256": "0", "file": VECTORS, "row": 0}
    write("results/embeddings/biomedclip/paper/0.tsv", tables.EMBEDDINGS, embedded)
    run_record.write(clean_work.RECORD, about={}, folder=clean_work.WORK.parent, progress=iter)
    return tmp_path


def write(path, table, row):
    tables.write(tables.frame_of([row], table), path, table)


def left(folder):
    return {str(path.relative_to(folder)) for path in (folder / "results/work").rglob("*") if path.is_file()}


def test_what_no_table_names_is_taken_away(folder, capsys):
    assert clean_work.main() == 0
    assert left(folder) == {*WANTED, *STAYING}
    assert not (folder / f"{PICTURES}/bb").exists()
    assert capsys.readouterr().out.startswith(f"Removed {len(UNWANTED)} files")


@pytest.mark.parametrize("gone", [str(clean_work.RECORD), "results/images/shards/0.tsv"])
def test_nothing_is_taken_away_where_nobody_knows_what_is_wanted(folder, capsys, gone):
    (folder / gone).unlink()
    assert clean_work.main() == 1
    assert f"{gone} is not there" in capsys.readouterr().err
    assert left(folder) == {*WANTED, *UNWANTED, *STAYING}


def test_nothing_is_taken_away_from_a_run(folder, capsys):
    with running.hold():
        assert clean_work.main() == 1
    assert "another run is at work" in capsys.readouterr().err
    assert left(folder) == {*WANTED, *UNWANTED, *STAYING}
