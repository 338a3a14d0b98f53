"""Nothing from outside is executed: not a configuration, not a model file, not a name; by reading the code."""

import ast

import pytest

from tests.conftest import REPO

SCRIPTS = REPO / "workflow/scripts"
OURS = sorted(path.relative_to(REPO) for path in SCRIPTS.rglob("*.py"))
# Modules that build objects by running what a file says, and those that reach a network.
RUNS_FILES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
REACHES_OUT = {"huggingface_hub", "requests", "urllib.request", "http.client", "ftplib", "smtplib", "httpx"}


def imported(tree):
    """Dotted names that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dangerous(tree):
    """Calls that may run what they are given."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name, given = ast.unparse(node.func), {one.arg: ast.unparse(one.value) for one in node.keywords}
        if name in ("eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"):
            yield name
        if name == "torch.load" and given.get("weights_only") != "True":
            yield "torch.load of more than weights"
        if name == "np.load" and given.get("allow_pickle") != "False":
            yield "np.load of more than arrays"
        if given.get("shell", "False") != "False":
            yield f"{name} in a shell"
        if given.get("trust_remote_code", "False") != "False":
            yield f"{name} of somebody's code"


@pytest.mark.parametrize("path", OURS, ids=str)
def test_nothing_from_outside_is_run(path):
    tree = ast.parse((REPO / path).read_text(encoding="utf-8"))
    # The errors of pickle are raised by torch, too.
    assert not [name for name in imported(tree) if name.split(".")[0] in RUNS_FILES and not name.endswith("Error")]
    assert not list(dangerous(tree))


@pytest.mark.parametrize(
    "code",
    [
        "eval(text)", "torch.load(path)", "torch.load(path, weights_only=False)", "np.load(path)", "yaml.load(text)",
        "subprocess.run(line, shell=True)", "AutoModel.from_pretrained(name, trust_remote_code=True)",
    ],
)  # fmt: skip
def test_the_check_sees_what_it_looks_for(code):
    assert list(dangerous(ast.parse(code)))


def test_only_what_fetches_models_reaches_a_network():
    reaching = {
        path.name
        for path in OURS
        if any(
            name == one or name.startswith(f"{one}.")
            for name in imported(ast.parse((REPO / path).read_text(encoding="utf-8")))
            for one in REACHES_OUT
        )
    }
    assert reaching == {"snapshots.py"}
    fetching = [path.name for path in OURS if "snapshots.fetch_" in (REPO / path).read_text(encoding="utf-8")]
    assert sorted(fetching) == ["fetch_encoder.py", "fetch_network.py", "fetch_translator.py"]


@pytest.mark.workflow
def test_a_configuration_is_data(snakemake_run, tmp_path):
    ran = tmp_path / "ran"
    (tmp_path / "mine.yaml").write_text(f"task: !!python/object/apply:os.mkdir [{str(ran)!r}]\n")
    done = snakemake_run(tmp_path, "--dry-run", "--configfile", tmp_path / "mine.yaml")
    assert done.returncode != 0
    assert "Config file is not valid JSON or YAML" in done.stdout
    assert not ran.exists()
