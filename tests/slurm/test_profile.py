"""What profiles/slurm promises, read from it and from the rules; no cluster is needed for it."""

import re

import yaml

from tests.conftest import REPO

TEXT = (REPO / "profiles/slurm/config.yaml").read_text()
PROFILE, DEFAULT = (
    yaml.safe_load((REPO / f"profiles/{name}/config.yaml").read_text()) for name in ("slurm", "default")
)
# Text of each rule that runs something, by its name.
RULES = {
    name: body
    for file in (REPO / "rules").glob("*.smk")
    for name, body in re.findall(
        r"^ *rule (\w+):\n(.*?)(?=^ *rule \w+:|\Z)", file.read_text(), re.DOTALL | re.MULTILINE
    )
    if "script:" in body
}
WITH_GPU = {name for name, body in RULES.items() if re.search(r"\bgpu=", body)}


def test_it_reruns_what_the_default_profile_reruns_and_limits_no_gpu():
    assert {key: PROFILE[key] for key in DEFAULT if key != "resources"} == {
        key: value for key, value in DEFAULT.items() if key != "resources"
    }
    assert not {"resources", "default-resources"} & set(PROFILE)
    assert not re.search(r"^[^#]*\b(gpu|partition|account)", TEXT, re.MULTILINE)


def test_every_rule_says_what_memory_and_time_it_needs():
    assert len(RULES) > 50
    lacking = [name for name, body in RULES.items() if not re.search(r"\bmem_mb=.*\bruntime=", body, re.DOTALL)]
    assert lacking == []


def test_rules_that_need_the_network_stay_on_the_login_node():
    fetching = {name for name in RULES if name.startswith("fetch_")}
    assert fetching == {"fetch_encoder", "fetch_network", "fetch_translator"}
    assert fetching <= {name for name, body in RULES.items() if "localrule: True" in body}


def test_it_names_the_rules_with_a_gpu_and_groups_none_of_them():
    named = re.search(r"Rules with a GPU: ([^.]*)\.", TEXT).group(1)
    assert set(re.findall(r"[a-z_]+", named)) == WITH_GPU
    grouped = dict(pair.split("=") for pair in PROFILE["groups"])
    assert set(grouped) <= set(RULES) - WITH_GPU
    assert {pair.split("=")[0] for pair in PROFILE["group-components"]} == set(grouped.values())
