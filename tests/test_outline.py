"""The outline follows from the rules: it has every stage that runs, and every arrow that Snakemake's own graph has."""

import itertools
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mammoflow import outline
from mammoflow.figures.layers import place
from tests.conftest import REPO

SNAKEFILE = REPO / "Snakefile"
STAGES = {
    "a": '''"""Alpha: the first step; and more."""
rule first:
    """Writes."""
    output:
        "results/a/{name}.tsv",
        index="results/a/all.tsv",
''',
    "b": '''"""What comes second."""
PLACES = [
    "results/a/one.tsv",
]
def places_of(wildcards):
    """Where."""
    return expand("results/b/{{other}}/{x}.tsv", x=1)
if True:
    rule second:
        """Reads."""
        input:
            PLACES,
        output:
            "results/b/{deep}/{x}.tsv",
''',
    "c": '''"""The third: reads both."""
rule third:
    input:
        here=places_of,
        there=lambda wildcards: f"results/a/{wildcards.x}.tsv",
    output:
        "results/c.tsv",
rule unused:
    output:
        "results/unused.tsv",
''',
}


@pytest.fixture
def small(tmp_path):
    """A workflow of three stages."""
    for name, text in STAGES.items():
        (tmp_path / f"{name}.smk").write_text(text)
    (tmp_path / "Snakefile").write_text("".join(f'include: "{name}.smk"\n' for name in STAGES))
    return outline.read(tmp_path / "Snakefile", {"first", "second", "third"})


def test_stages_are_read_in_order_with_what_crosses(small):
    assert [stage.name for stage in small] == ["a", "b", "c"]
    assert [stage.title for stage in small] == ["Alpha", "B", "Third"]
    assert [stage.said for stage in small] == ["the first step", "What comes second", "reads both"]
    assert [[rule.name for rule in stage.rules] for stage in small] == [["first"], ["second"], ["third"]]
    assert small[1].after == {"a": {"results/a/{name}.tsv"}}
    assert small[2].after == {
        "a": {"results/a/{name}.tsv", "results/a/all.tsv"}, "b": {"results/b/{deep}/{x}.tsv"},
    }  # fmt: skip


def test_arrows_that_follow_from_others_are_left_out(small):
    assert outline.reduced(small) == [("a", "b"), ("b", "c")]


@given(
    st.integers(2, 12).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))))
    )
)
def test_boxes_stand_below_what_they_follow_and_apart(drawn):
    n, pairs = drawn
    names = [f"s{at}" for at in range(n)]
    arrows = sorted((names[a], names[b]) for a, b in pairs if a < b)
    places = place(names, arrows)
    assert all(places.depth[before] < places.depth[after] for before, after in arrows)
    assert sorted((chain[0], chain[-1]) for chain in places.chains) == arrows
    for chain in places.chains:
        assert [places.depth[name] for name in chain] == list(
            range(places.depth[chain[0]], places.depth[chain[-1]] + 1)
        )
    for layer in places.layers:
        boxes = [places.x[name] for name in layer if name in names]
        assert all(right - left > 0.99 for left, right in itertools.pairwise(boxes))
        assert all(0.49 < x < places.width - 0.49 for x in boxes)
    assert {name for layer in places.layers for name in layer if name in names} == set(names)


def stage_of_rules():
    """The stage of each rule, read in the plainest way."""
    found = {}
    for file in (REPO / "rules").glob("*.smk"):
        found |= dict.fromkeys(re.findall(r"^ *rule (\w+):", file.read_text(), re.MULTILINE), file.stem)
    return found


@pytest.mark.workflow
def test_the_outline_is_that_of_snakemakes_own_graph(snakemake_run, tmp_path):
    settings = {"demo": {"exams": 24}, "split": {"seeds": [1], "min_patients_per_class": 3}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    done = snakemake_run(tmp_path, "--dag", "--configfile", tmp_path / "mine.yaml")
    assert done.returncode == 0, done.stdout[-3000:]
    stage = stage_of_rules()
    jobs = {
        number: re.match(r"\w+", label)[0] for number, label in re.findall(r'(\d+)\[label = "([^"]+)"', done.stdout)
    }
    jobs = {number: rule for number, rule in jobs.items() if rule in stage}
    edges = {
        (stage[jobs[a]], stage[jobs[b]])
        for a, b in re.findall(r"(\d+) -> (\d+)", done.stdout)
        if a in jobs and b in jobs
    }
    stages = outline.read(SNAKEFILE, set(jobs.values()))
    assert {one.name for one in stages} == {stage[rule] for rule in jobs.values()}
    order = [one.name for one in stages]
    forward = {(a, b) for a, b in edges if order.index(a) < order.index(b)}
    found = {(before, one.name) for one in stages for before in one.after}
    assert forward <= found
    # Only predictions are of one name for all methods, so that the text does not say whose are read.
    more = {(a, b) for a, b in found - forward}
    crossed = {
        path for one in stages for before in one.after if (before, one.name) in more for path in one.after[before]
    }
    assert crossed <= {"results/predictions/{experiment}/seed{seed}.tsv", "results/training/{experiment}/choices.tsv"}
