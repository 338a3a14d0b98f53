"""The conda environments: pinned as the lock, and complete for the scripts that use them."""

import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from mammoflow import code

REPO = Path(__file__).resolve().parent.parent
ENVS = sorted((REPO / "envs").glob("*.yaml"))
RULE = re.compile(r"^ *rule (\w+):\n(.*?)(?=^ *(?:rule|checkpoint) \w+:|\Z)", re.MULTILINE | re.DOTALL)
DIRECTIVE = r'^ *{}:\s*"([^"]+)"'


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(env):
    """Distribution and version of each pip pin of an environment."""
    listed = yaml.safe_load(env.read_text(encoding="utf-8"))["dependencies"][-1]["pip"]
    return {normal(name): version for name, version in (pin.split("==") for pin in listed)}


@cache
def locked():
    text = (REPO / "requirements.lock").read_text(encoding="utf-8")
    return {normal(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}


@cache
def rules():
    """Environment and script of each rule, as paths."""
    found = {}
    for file in sorted((REPO / "rules").glob("*.smk")):
        for name, body in RULE.findall(file.read_text(encoding="utf-8")):
            conda = re.search(DIRECTIVE.format("conda"), body, re.MULTILINE)
            script = re.search(DIRECTIVE.format("script"), body, re.MULTILINE)
            found[name] = tuple(match and (file.parent / match[1]).resolve() for match in (conda, script))
    return found


@cache
def distributions(module):
    """What installs this top-level module: nothing for the standard library and for our own."""
    if module in sys.stdlib_module_names or module == "mammoflow":
        return frozenset()
    return frozenset(map(normal, packages_distributions().get(module, [f"unknown module {module}"])))


def imports(script):
    """Third-party modules that a script reaches; snakemake.iocontainers, of the stub, is only for mypy."""
    modules = {name.split(".")[0] for file in code.reached(script) for name in code.imported(file)}
    return modules - {"snakemake", ""}


def test_rules_are_found():
    text = "".join(file.read_text(encoding="utf-8") for file in (REPO / "rules").glob("*.smk"))
    assert len(rules()) == len(re.findall(r"^ *script:", text, re.MULTILINE)) > 20


@pytest.mark.parametrize("rule", rules())
def test_rule_names_an_environment_and_a_script(rule):
    env, script = rules()[rule]
    assert env in ENVS
    assert script.is_file()
    assert script.stem == rule


@pytest.mark.parametrize("env", ENVS, ids=lambda env: env.stem)
def test_pins_are_those_of_the_lock(env):
    assert pins(env) == {name: locked().get(name) for name in pins(env)}


@pytest.mark.parametrize("env", ENVS, ids=lambda env: env.stem)
def test_form(env):
    content = yaml.safe_load(env.read_text(encoding="utf-8"))
    assert content["channels"] == ["conda-forge", "nodefaults"]
    assert content["dependencies"][:2] == ["python=3.11", "pip"]
    listed = content["dependencies"][2]["pip"]
    assert [pin.split("==")[0] for pin in listed] == sorted(pins(env))


@pytest.mark.parametrize("rule", rules())
def test_environment_provides_what_the_script_imports(rule):
    env, script = rules()[rule]
    lacking = {module: set(distributions(module)) for module in imports(script) if distributions(module)}
    lacking = {module: names for module, names in lacking.items() if not names & set(pins(env))}
    assert not lacking, f"envs/{env.name} lacks what {script.name} imports"
