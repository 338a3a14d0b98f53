"""The doctor: says what is missing, in words, and fails only where the configuration needs it."""

import copy
import types

import pytest
import snakemake.utils
import yaml

from mammoflow import doctor, layouts
from mammoflow.errors import UserError
from mammoflow.layouts import Layout, Source
from tests.conftest import REPO

SHIPPED = yaml.safe_load((REPO / "config.yaml").read_text(encoding="utf-8"))
PRETRAINED = SHIPPED | {"weights": "pretrained"}
GPU = "a GPU of a test"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return tmp_path


def asked(place, capsys, settings=None):
    """Exit status and lines of the doctor on an overlay."""
    overlays = []
    if settings is not None:
        (place / "mine.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        overlays = ["--config", str(place / "mine.yaml")]
    status = doctor.main(overlays)
    return status, capsys.readouterr()


def folder_of_data(place):
    for name in ("images/GARCIA^MARIA", "reports"):
        (place / name).mkdir(parents=True)
    (place / "images/GARCIA^MARIA/PEREZ_JUANA_1961.dcm").write_bytes(bytes(1000))
    (place / "reports/99887766.txt").write_text("Mamas densas.", encoding="utf-8")
    return {
        "dataset": {"kind": "folder", "images": str(place / "images"), "reports": str(place / "reports")},
        "labels": {"source": "reports"},
    }


def test_shipped_configuration_lacks_nothing(here, capsys):
    status, said = asked(here, capsys)
    assert status == 0, said.out
    lines = said.out.splitlines()
    assert {line.split()[0] for line in lines} <= {"ok", "note", "missing"}
    assert sum("DICOM" in line for line in lines) == len(doctor.SYNTAXES)
    assert any("weights is random" in line for line in lines)


def test_wrong_configuration_gives_one_line(here, capsys):
    status, said = asked(here, capsys, {"split": {"test": 2}})
    assert status == 1
    assert said.out == ""
    assert said.err.startswith("mammoflow: config: split.test is 2; allowed: ")
    assert said.err.count("\n") == 1


def test_own_folder_is_counted_and_no_file_of_it_is_named(here, capsys):
    status, said = asked(here, capsys, folder_of_data(here))
    assert status == 0, said.out
    assert "images: 1 files" in said.out
    assert not any(name in said.out + said.err for name in ("GARCIA", "PEREZ", "99887766"))


@pytest.mark.parametrize("key", ["images", "reports"])
def test_folder_that_is_not_there_fails(here, capsys, key):
    settings = folder_of_data(here)
    settings["dataset"][key] = str(here / "elsewhere")
    status, said = asked(here, capsys, settings)
    assert status == 1
    (line,) = [line for line in said.out.splitlines() if line.startswith("missing")]
    assert f"dataset.{key}: no folder" in line


def test_reports_only_need_no_model(here, capsys):
    settings = folder_of_data(here) | {"weights": "pretrained"}
    del settings["dataset"]["images"]
    status, said = asked(here, capsys, settings)
    assert status == 0, said.out
    assert "hub" not in said.out
    assert "disk" not in said.out


def test_folder_that_may_not_be_read_is_not_named(here, monkeypatch):
    def refuse(*_):
        raise UserError("'/data/GARCIA^MARIA': Permission denied")

    monkeypatch.setattr("mammoflow.doctor.inputs.walk", refuse)
    config = SHIPPED | {"dataset": {"kind": "folder", "images": str(here)}}
    (finding,) = doctor.disk(config, layouts.of(config["dataset"], config["labels"]))
    assert finding.state == "missing"
    assert "GARCIA" not in finding.what + finding.remedy


@pytest.mark.parametrize(
    ("overlays"),
    [
        [{"split": {"seeds": [9]}}],
        [{"encoders": {"other": {"source": "local-dir:x", "revision": "main"}}}, {"run": ["majority"]}],
        [{"dataset": {"kind": "cdd_cesm", "root": "x"}}, {"dataset": {"root": "y"}}],
    ],
)
def test_overlays_are_merged_as_snakemake_merges_them(here, overlays):
    expected = copy.deepcopy(SHIPPED)
    files = [REPO / "config.yaml"]
    for number, overlay in enumerate(overlays):
        snakemake.utils.update_config(expected, copy.deepcopy(overlay))
        files.append(here / f"{number}.yaml")
        files[-1].write_text(yaml.safe_dump(overlay), encoding="utf-8")
    assert doctor.load(files) == expected


@pytest.mark.parametrize("text", [None, "", "- a list", "a: [", "a: \xe9".encode("latin-1")])
def test_overlay_that_is_no_configuration_is_a_users_error(here, text):
    if text is not None:
        (here / "mine.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=r"mine\.yaml"):
        doctor.load([here / "mine.yaml"])


@pytest.mark.parametrize(
    ("version", "state"), [((3, 10), "missing"), ((3, 11), "ok"), ((3, 13), "ok"), ((3, 14), "missing")]
)
def test_python_version(version, state):
    assert doctor.python_version(version).state == state


def test_missing_decoder_says_what_brings_it_and_does_not_fail(monkeypatch):
    assert {finding.state for finding in doctor.decoders()} == {"ok"}
    monkeypatch.setattr("mammoflow.dicom.decoders.name_of", lambda _: "")
    findings = list(doctor.decoders())
    assert {finding.state for finding in findings} == {"missing"}
    assert not any(finding.needed for finding in findings)
    assert {finding.remedy for finding in findings} == {"pip install imagecodecs"}


@pytest.mark.parametrize("needed", [True, False])
def test_torch_that_cannot_be_imported(monkeypatch, needed):
    def broken(_):
        raise OSError("libcudart.so: cannot open shared object file")

    monkeypatch.setattr(doctor.importlib, "import_module", broken)
    (finding,) = doctor.graphics(needed=needed)
    assert (finding.state, finding.needed) == ("missing", needed)


@pytest.mark.parametrize("present", [True, False])
def test_gpu_is_named(monkeypatch, present):
    about = types.SimpleNamespace(name=GPU, total_memory=24 * 2**30)
    cuda = types.SimpleNamespace(
        is_available=lambda: present, device_count=lambda: 1, get_device_properties=lambda _: about
    )
    torch = types.SimpleNamespace(cuda=cuda, __version__="2")
    monkeypatch.setattr(doctor.importlib, "import_module", lambda _: torch)
    last = list(doctor.graphics(needed=True))[-1]
    assert last.state == ("ok" if present else "note")
    assert last.what == f"GPU {GPU}, 24 GiB" if present else "no GPU" in last.what


def test_hub_models_are_only_announced(here):
    findings = list(doctor.models(PRETRAINED))
    assert [finding.state for finding in findings] == ["note", "note"]
    assert "microsoft/BiomedCLIP" in findings[0].what
    assert "timm/convnext_base.fb_in22k_ft_in1k" in findings[1].what


def test_hub_models_are_missing_offline_unless_fetched(here, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert [finding.state for finding in doctor.models(PRETRAINED)] == ["missing", "missing"]
    for name in ("encoders/biomedclip", "networks/convnext_base.fb_in22k_ft_in1k"):
        (here / f"results/models/{name}.tsv").parent.mkdir(parents=True)
        (here / f"results/models/{name}.tsv").touch()
    assert [finding.state for finding in doctor.models(PRETRAINED)] == ["ok", "ok"]


def test_a_network_with_weights_of_ones_own_is_not_asked_for_on_the_hub(here):
    own = SHIPPED["experiments"]["convnext"] | {"weights_file": "mine.pth"}
    config = PRETRAINED | {"experiments": SHIPPED["experiments"] | {"mine": own}, "run": ["mine"]}
    (finding,) = doctor.models(config)
    assert (finding.state, finding.what) == ("ok", "network of mine: mine.pth")
    assert doctor.bytes_needed(config, 0) == doctor.bytes_needed(config | {"run": ["convnext"]}, 0)


def test_translator_is_looked_for_where_it_is_used(here):
    translate = SHIPPED["translate"] | {"engine": "marian"}
    findings = list(doctor.models(PRETRAINED | {"translate": translate}))
    assert any(one.state == "note" and "opus-mt-es-en" in one.what for one in findings)
    assert not any("opus-mt-es-en" in one.what for one in doctor.models(PRETRAINED))


def test_local_translator_says_what_it_lacks(here):
    for name in ("config.json", "tokenizer_config.json", "source.spm", "vocab.json"):
        (here / name).touch()
    finding = doctor.translator(f"local-dir:{here}")
    assert finding.state == "missing"
    assert "lacks target.spm, its weights (model.safetensors)" in finding.what
    (here / "target.spm").touch()
    (here / "pytorch_model.bin").touch()
    assert doctor.translator(f"local-dir:{here}").state == "ok"


def test_local_snapshot_says_what_it_lacks(here):
    finding = doctor.encoder("mine", f"local-dir:{here}", "open_clip")
    assert finding.state == "missing"
    assert finding.what.endswith("lacks open_clip_config.json, its weights (open_clip_model.safetensors)")
    (here / "model.safetensors").touch()
    assert doctor.encoder("mine", f"local-dir:{here}", "timm").what.endswith("lacks config.json")
    (here / "config.json").touch()
    assert doctor.encoder("mine", f"local-dir:{here}", "timm").state == "ok"


def test_public_set_is_missing_by_its_key(here):
    source = Source("dataset.root", (here / "a", here / "b"))
    (finding,) = doctor.places(Layout(annotations=(source,)))
    assert finding.state == "missing"
    assert finding.what.startswith("dataset.root: no file")


def test_disk_is_counted_as_the_documents_say():
    config = copy.deepcopy(SHIPPED)
    config["dataset"] = {"kind": "folder", "images": "x"}
    config["scan"]["longest_side"] = 1000
    for recipe in config["recipes"].values():
        recipe["longest_side"] = 500
    recipes, pairs = 2, 1
    each = 0.8 * 1000**2 * 2 + 2**14 * 8 + recipes * 0.8 * 500**2 + pairs * 5120
    assert doctor.bytes_needed(config, 10) == 10 * each
    config["weights"] = "pretrained"
    seeds = len(config["split"]["seeds"])
    assert doctor.bytes_needed(config, 10) == 10 * each + 800_000_000 + 400_000_000 * (1 + seeds)


@pytest.mark.parametrize(("needed", "held", "state"), [(100, 0, "missing"), (100, 60, "ok"), (50, 0, "ok")])
def test_disk_already_used_by_results_counts(needed, held, state):
    assert doctor.space(needed, held=held, free=50).state == state


def test_members_of_a_merge_need_their_models_too():
    mine = {"experiments": SHIPPED["experiments"] | {"both": {"method": "merge", "of": ["linear_probe", "convnext"]}}}
    config = SHIPPED | mine | {"run": ["both"], "weights": "pretrained"}
    assert doctor.models_in_use(config) == (["biomedclip"], ["convnext_base.fb_in22k_ft_in1k"])
    assert doctor.bytes_needed(config, 10) > doctor.bytes_needed(config | {"run": ["majority"]}, 10)
