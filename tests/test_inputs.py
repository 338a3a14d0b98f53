"""The walk over a user's folders, and the lists that it writes."""

import csv
import hashlib
import itertools
import os
import shutil
import stat

import pytest

from mammoflow import inputs, layouts, tables
from mammoflow.errors import UserError

LOW = "Low energy images of CDD-CESM"
WORKBOOK = "Radiology-manual-annotations.xlsx"
ODD_NAMES = [
    "with space.png",
    "ñandú é.png",
    "e\u0301.png",
    "new\nline.png",
    "carriage\rreturn.png",
    "both\r\nof them.png",
    "tab\there.png",
    'quo"te".png',
    "not utf-8 \udcff.png",
]


def make(folder, *names, content=b"x"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def names(folder, suffixes=(".png",)):
    return [file.relative for file in inputs.walk(folder, suffixes)]


def rows(path):
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture
def dataset(tmp_path):
    root = tmp_path / "cdd"
    make(root, WORKBOOK, f"{LOW}/P1_L_DM_CC.png", f"{LOW}/P1_L_DM_MLO.png", f"{LOW}/more/P2_R_DM_CC.jpg")
    return {"kind": "cdd_cesm", "root": str(root), "variant": "low_energy"}


@pytest.fixture
def private(tmp_path):
    return tmp_path / "private"


def list_files(dataset, private, shards=3):
    inputs.list_files(layouts.of(dataset, {}), shards=shards, private=private)
    return {path.stem: path for path in (private / "inputs").iterdir()}


def digests(lists):
    return {name: inputs.digest(path) for name, path in lists.items()}


def test_order_does_not_depend_on_the_file_system(tmp_path):
    make(tmp_path, "b/2.png", "z.png", "b/10.png", "a/x.png", "B/1.png", "a.png")
    assert names(tmp_path) == ["a.png", "z.png", "B/1.png", "a/x.png", "b/10.png", "b/2.png"]


def test_suffixes(tmp_path):
    make(tmp_path, "a.png", "b.PNG", "c.jpg", "d.png.txt", "e", "png")
    assert names(tmp_path) == ["a.png", "b.PNG"]
    assert names(tmp_path, (".png", ".jpg")) == ["a.png", "b.PNG", "c.jpg"]
    assert len(names(tmp_path, ())) == 6


def test_hidden_files_and_folders_are_left_alone(tmp_path):
    make(tmp_path, "a.png", "._a.png", ".snapshot/a.png", "in/.snapshot/a.png")
    assert names(tmp_path) == ["a.png"]


def test_size_time_and_path(tmp_path):
    make(tmp_path, "in/a.png", content=b"12345")
    os.utime(tmp_path / "in/a.png", ns=(1, 1_700_000_000_123_456_789))
    (found,) = inputs.walk(tmp_path, (".png",))
    assert found == inputs.File("in/a.png", str(tmp_path / "in/a.png"), 5, 1_700_000_000_123_456_789)


def test_what_is_no_file_is_skipped(tmp_path):
    folder, other = tmp_path / "in", tmp_path / "other"
    make(folder, "a.png")
    make(other, "b.png", "c.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    (folder / "linked").symlink_to(other)
    (folder / "linked.png").symlink_to(other)
    (folder / "dangling.png").symlink_to(tmp_path / "absent")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "up").symlink_to(folder)
    assert names(folder) == ["a.png"]


def test_link_to_a_file_is_that_file(tmp_path):
    make(tmp_path / "other", "b.png", content=b"123")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.png").symlink_to(tmp_path / "other/b.png")
    (found,) = inputs.walk(tmp_path / "in", (".png",))
    assert (found.relative, found.bytes) == ("a.png", 3)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_folder_that_may_not_be_read_stops(tmp_path):
    make(tmp_path, "a.png", "closed/b.png")
    (tmp_path / "closed").chmod(0)
    try:
        with pytest.raises(UserError, match="closed"):
            names(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_folder_that_cannot_be_listed_stops(tmp_path, monkeypatch):
    make(tmp_path, "closed/b.png")
    real = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(UserError, match="closed': Permission denied; allow reading it"):
        names(tmp_path)


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_odd_names(tmp_path, dataset, private, name):
    make(tmp_path / "cdd" / LOW, name)
    lists = list_files(dataset, private, shards=1)
    assert name in [row["relative"] for row in rows(lists["0"])]
    assert len(rows(lists["0"])) == 4
    written = lists["0"].stat().st_mtime_ns
    before = digests(lists)
    os.utime(lists["0"], ns=(1, 1))
    assert digests(list_files(dataset, private, shards=1)) == before
    assert lists["0"].stat().st_mtime_ns == 1 != written
    os.utime(tmp_path / "cdd" / LOW / name, ns=(5, 5))
    assert inputs.digest(list_files(dataset, private, shards=1)["0"]) != before["0"]


@pytest.mark.parametrize(
    ("relative", "shards", "shard"),
    [
        # printf 'a.png' | sha256sum, the whole number modulo the shards
        ("a.png", 4, 0),
        ("a.png", 4096, 1120),
        ("P1/ñ.dcm", 7, 6),
        ("P1/ñ.dcm", 4096, 1386),
    ],
)
def test_shard_is_the_digest_modulo_the_number_of_shards(relative, shards, shard):
    assert inputs.shard_of(relative, shards) == shard
    assert int(hashlib.sha256(relative.encode()).hexdigest(), 16) % shards == shard


def test_every_file_is_in_one_shard(dataset, private, tmp_path):
    many = [f"x{number}.png" for number in range(200)]
    make(tmp_path / "cdd" / LOW, *many)
    lists = list_files(dataset, private, shards=8)
    found = {name: [row["relative"] for row in rows(path)] for name, path in lists.items() if name.isdigit()}
    assert len(found) == 8
    assert sorted(itertools.chain.from_iterable(found.values())) == sorted(
        [*many, "P1_L_DM_CC.png", "P1_L_DM_MLO.png", "more/P2_R_DM_CC.jpg"]
    )
    assert all(inputs.shard_of(relative, 8) == int(shard) for shard, all_of in found.items() for relative in all_of)
    assert min(map(len, found.values())) > 10


def test_lists_are_private(dataset, private):
    lists = list_files(dataset, private)
    assert set(lists) == {"0", "1", "2", "reports", "annotations"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in lists.values())
    assert [row["relative"] for row in rows(lists["annotations"])] == [f"dataset.root/{WORKBOOK}"]


def test_unchanged_list_is_left_alone(dataset, private, tmp_path):
    lists = list_files(dataset, private)
    for path in lists.values():
        os.utime(path, ns=(1, 1))
    list_files(dataset, private)
    assert {path.stat().st_mtime_ns for path in lists.values()} == {1}
    make(tmp_path / "cdd" / LOW, "new.png")
    list_files(dataset, private)
    changed = {name for name, path in lists.items() if path.stat().st_mtime_ns != 1}
    assert changed == {str(inputs.shard_of("new.png", 3))}


def test_digest_does_not_see_the_root(dataset, private, tmp_path):
    before = digests(list_files(dataset, private))
    shutil.copytree(tmp_path / "cdd", tmp_path / "moved")
    assert digests(list_files({**dataset, "root": str(tmp_path / "moved")}, private)) == before


@pytest.mark.parametrize("change", ["size", "time", "name", "new", "gone"])
def test_digest_sees(dataset, private, tmp_path, change):
    before = digests(list_files(dataset, private, shards=1))
    file = tmp_path / "cdd" / LOW / "P1_L_DM_CC.png"
    known = file.stat()
    match change:
        case "size":
            file.write_bytes(b"xy")
            os.utime(file, ns=(known.st_atime_ns, known.st_mtime_ns))
        case "time":
            os.utime(file, ns=(known.st_atime_ns, known.st_mtime_ns + 1))
        case "name":
            file.rename(file.with_name("P9_L_DM_CC.png"))
        case "new":
            make(file.parent, "P3_L_DM_CC.png")
        case "gone":
            file.unlink()
    after = digests(list_files(dataset, private, shards=1))
    assert after["0"] != before["0"]
    assert after["annotations"] == before["annotations"]


def test_digest_of_a_list_that_is_not_there(tmp_path):
    assert inputs.digest(tmp_path / "absent.tsv") == ""


def test_absent_folder(dataset, private):
    with pytest.raises(UserError) as said:
        list_files({**dataset, "root": "/absent"}, private)
    page = "docs/data-sets/cdd_cesm.md"
    assert str(said.value) == f"config: dataset.root leads to '/absent', which is no folder; read {page}"
    assert not private.exists()


def test_other_variant_is_not_there(dataset, private):
    with pytest.raises(UserError, match="has no folder 'Subtracted images of CDD-CESM'; read docs/"):
        list_files({**dataset, "variant": "subtracted"}, private)


def test_missing_workbook(dataset, private, tmp_path):
    (tmp_path / "cdd" / WORKBOOK).unlink()
    with pytest.raises(UserError, match=r"has no file 'Radiology-manual-annotations\.xlsx' or 'R.*'; read docs/"):
        list_files(dataset, private, shards=1)


def test_workbook_by_its_other_name(dataset, private, tmp_path):
    (tmp_path / "cdd" / WORKBOOK).rename(tmp_path / "cdd" / WORKBOOK.replace("-", " "))
    assert rows(list_files(dataset, private)["annotations"])[0]["path"].endswith(WORKBOOK.replace("-", " "))


def test_folder_without_an_image(dataset, private, tmp_path):
    shutil.rmtree(tmp_path / "cdd" / LOW)
    make(tmp_path / "cdd" / LOW, "readme.txt")
    with pytest.raises(UserError, match=rf"{LOW}'; no file in it is an image; read docs/data-sets/cdd_cesm\.md$"):
        list_files(dataset, private, shards=1)


def test_an_own_folder_may_lack_images_or_reports(tmp_path, private):
    make(tmp_path / "reports", "1 é.txt", "2.TXT", "notes.pdf", "no suffix")
    # What Word, Windows and macOS leave behind is none of the files.
    make(tmp_path / "reports", "~$1 é.docx", "~WRL0001.tmp", "Thumbs.db", "desktop.ini", ".DS_Store")
    make(tmp_path, "labels.csv", "more/labels.csv")
    folder = {"kind": "folder", "reports": str(tmp_path / "reports")}
    lists = list_files(folder, private)
    assert [row["relative"] for row in rows(lists["reports"])] == ["1 é.txt", "2.TXT", "no suffix", "notes.pdf"]
    assert rows(lists["0"]) == rows(lists["annotations"]) == []
    make(tmp_path / "images", "1.dcm", "no suffix")
    table = {"file": str(tmp_path / "labels.csv"), "image_column": "i", "patient_column": "p"}
    with_table = {"kind": "folder", "images": str(tmp_path / "images"), "image_table": table}
    with pytest.raises(UserError, match=r"^config: dataset\.images leads to .*; no file in it is an image"):
        list_files(with_table, private)
    make(tmp_path / "images", "1.png")
    labels = {"table": str(tmp_path / "more/labels.csv")}
    inputs.list_files(layouts.of(with_table, labels), shards=1, private=private)
    assert [row["relative"] for row in rows(private / "inputs/annotations.tsv")] == [
        "dataset.image_table.file",
        "labels.table",
    ]
    assert [row["relative"] for row in rows(private / "inputs/0.tsv")] == ["1.png"]
    del with_table["image_table"]
    assert [row["relative"] for row in rows(list_files(with_table, private, shards=1)["0"])] == [
        "1.dcm",
        "1.png",
        "no suffix",
    ]


@pytest.mark.parametrize(
    "name", ["Medical reports for cases", "Medical reports for cases ", "Medical-reports-for-cases"]
)
def test_reports_of_cdd_cesm_are_listed_where_labels_come_from_them(dataset, private, tmp_path, name):
    make(tmp_path / "cdd" / name, "P1.docx", "P54.docx", "~$P54.docx")
    assert rows(list_files(dataset, private)["reports"]) == []
    inputs.list_files(layouts.of(dataset, {"source": "reports"}), shards=1, private=private)
    assert [row["relative"] for row in rows(private / "inputs/reports.tsv")] == ["P1.docx", "P54.docx"]


def test_cdd_cesm_without_its_reports(dataset, private):
    with pytest.raises(UserError, match=r"^config: dataset\.root leads to .*Medical reports for cases'"):
        inputs.list_files(layouts.of(dataset, {"source": "reports"}), shards=1, private=private)


def test_lists_are_read_as_tables(dataset, private, tmp_path):
    make(tmp_path / "cdd" / LOW, *ODD_NAMES)
    frame = tables.read(list_files(dataset, private, shards=1)["0"], tables.INPUT_FILES)
    assert len(frame) == 3 + len(ODD_NAMES)
    assert "not utf-8 \udcff.png" in list(frame["relative"])


def test_real_data_set(mammoflow_data, private):
    dataset = {"kind": "cdd_cesm", "root": str(mammoflow_data / "cdd_cesm"), "variant": "subtracted"}
    lists = list_files(dataset, private, shards=4)
    assert sum(len(rows(path)) for name, path in lists.items() if name.isdigit()) == 204
    assert rows(lists["annotations"])[0]["path"].endswith(".xlsx")


def test_a_file_that_may_be_absent_is_listed_where_it_is_there(dataset, private, tmp_path):
    before = list_files(dataset, private)["annotations"]
    assert [row["relative"] for row in rows(before)] == [f"dataset.root/{WORKBOOK}"]
    first = inputs.digest(before)
    make(tmp_path / "cdd", "Radiology_hand_drawn_segmentations_v2.csv")
    assert [row["relative"] for row in rows(list_files(dataset, private)["annotations"])] == [
        f"dataset.root/{WORKBOOK}",
        "dataset.root/Radiology_hand_drawn_segmentations_v2.csv",
    ]
    assert inputs.digest(before) != first


def test_a_folder_whose_names_count_is_other_where_a_name_is(private, tmp_path):
    root = tmp_path / "inbreast"
    make(root, "INbreast.csv", "AllDICOMs/1_a_MG_R_CC_ANON.dcm")
    lists = list_files({"kind": "inbreast", "root": str(root)}, private)
    names = [row["relative"] for row in rows(lists["annotations"])]
    assert names == ["dataset.root/INbreast.csv", "dataset.root/AllDICOMs"]
    before = inputs.digest(lists["annotations"])
    os.utime(root / "AllDICOMs", ns=(1, 1))
    make(root, "AllDICOMs/2_a_MG_R_CC_ANON.dcm")
    list_files({"kind": "inbreast", "root": str(root)}, private)
    assert inputs.digest(lists["annotations"]) != before
