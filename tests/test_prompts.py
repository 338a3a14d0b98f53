"""Prompt sets are read, checked and laid out; every shipped one serves every task."""

import re
import string

import open_clip
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mammoflow import tables, tasks
from mammoflow.errors import UserError
from mammoflow.models import prompts
from tests.conftest import REPO

SCHEMA = REPO / "workflow/schemas/prompts.schema.yaml"
SETS = REPO / "resources/prompts"
SHIPPED = sorted(path for path in SETS.glob("*.yaml") if path.stem != prompts.DOMAIN)
TASKS = sorted((REPO / "resources/tasks").glob("*.yaml"))
HALVES = tasks.Task("halves", "Halves", "density", tuple(tasks.Class(key, key, "#000000") for key in "ab"))
WORDS = {
    "view": {"CC": "top", "MLO": "slanted"},
    "side": {"L": "left", "R": "right"},
    "age": {"50-59": "in her fifties"},
}


def written(tmp_path, **changes):
    """A prompt set of two classes with these changes; a key that is None is left out."""
    content = {"about": "A set.", "source": "Made here.", "kind": "class", "templates": ["{}"]}
    content |= {"tasks": {"halves": {"a": ["one"], "b": ["two"]}}} | changes
    path = tmp_path / "set.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}))
    return path


def laid_out(tmp_path, **changes):
    return prompts.lay_out(prompts.load(written(tmp_path, **changes), SCHEMA, HALVES))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"about": None}, "set.yaml, the file: 'about' is a required property"),
        ({"more": 1}, "set.yaml, the file: Additional properties are not allowed"),
        ({"kind": "best"}, "set.yaml, kind: 'best' is not one of"),
        ({"templates": []}, "set.yaml, templates: A list for kind class"),
        ({"words": {"view": {"CC": "top"}}}, "set.yaml, words.view: 'MLO' is a required property"),
        ({"words": {"age": {"50": "fifty"}}}, "set.yaml, words.age: '50' does not match"),
        ({"tasks": None}, "set.yaml, the file: A set holds sentences for tasks, or for questions"),
        (
            {"tasks": {"density": {"a": ["one"], "b": ["two"]}}},
            "no sentences for task halves, only for density; add them",
        ),
        ({"tasks": {"halves": {"a": ["one"], "c": ["two"]}}}, "task halves has sentences for a, c; needed: a, b"),
        ({"tasks": {"halves": {"a": ["one"], "b": []}}}, r"set.yaml, tasks.halves.b: \[\] should be non-empty"),
        ({"tasks": {"halves": {"a": ["one"], "b": ["two "]}}}, "set.yaml, tasks.halves.b.0: 'two ' does not match"),
        (
            {"tasks": {"halves": {"a": ["one", "two"], "b": ["three"]}}},
            "task halves: every class needs the same number",
        ),
        ({"tasks": {"halves": {"a": ["one"], "b": ["one"]}}}, "task halves: a sentence stands twice: 'one'"),
        ({"kind": "pair"}, "kind pair needs templates as positive and negative lists"),
        ({"templates": {"positive": ["{}"], "negative": ["no {}"]}}, "kind class needs templates as a list"),
        (
            {"kind": "pair", "templates": {"positive": ["{}", "is {}"], "negative": ["no {}"]}},
            "needed are as many negative templates as positive ones",
        ),
        (
            {"kind": "descriptors", "templates": {"positive": ["{}"], "negative": ["{}"]}},
            "a sentence stands twice: 'one'",
        ),
        (
            {
                "kind": "pair",
                "templates": {"positive": ["{}"], "negative": ["no {}"]},
                "tasks": {"halves": {"a": ["one", "three"], "b": ["two", "four"]}},
            },
            "kind pair needs one phrase a class",
        ),
        ({"templates": ["nothing"]}, "template 'nothing' needs {} once"),
        ({"templates": ["{} {}"]}, "template '{} {}' needs {} once"),
        ({"templates": ["{"]}, "template '{' needs {} once"),
        ({"templates": ["{} {view}"]}, "template '{} {view}' needs {} once, and other places only with words"),
        ({"words": {"view": WORDS["view"]}}, "there are words for view, but no template has {view}"),
    ],
)
def test_a_prompt_set_is_checked(tmp_path, changes, message):
    pattern = message if "\\" in message else re.escape(message)
    with pytest.raises(UserError, match=pattern) as error:
        prompts.load(written(tmp_path, **changes), SCHEMA, HALVES)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    (tmp_path / "set.yaml").write_text("about: [")
    with pytest.raises(UserError, match=r"set\.yaml is no YAML: ") as error:
        prompts.load(tmp_path / "set.yaml", SCHEMA, HALVES)
    assert "\n" not in str(error.value)


def test_sentences_are_templates_times_phrases(tmp_path):
    found = laid_out(
        tmp_path, templates=["{}", "it is {}"], tasks={"halves": {"b": ["two", "four"], "a": ["one", "three"]}}
    )
    assert found["position"].tolist() == list(range(8))
    # Classes in the task's order, whatever that in the file.
    assert found["label"].tolist() == [*"aaaabbbb"]
    assert found["sentence"].tolist()[:4] == ["one", "it is one", "three", "it is three"]
    assert set(found["pole"]) == set(found["descriptor"]) == set(found["view"]) == {""}


def test_what_is_not_known_drops_out_of_the_sentence(tmp_path):
    found = laid_out(tmp_path, templates=["a {view} picture of a woman {age}, {side} side: {}"], words=WORDS)
    of_a = found[found["label"] == "a"].set_index(["view", "side", "age_band"])["sentence"]
    assert len(of_a) == 3 * 3 * 2
    assert of_a["CC", "L", "50-59"] == "a top picture of a woman in her fifties, left side: one"
    assert of_a["", "R", ""] == "a picture of a woman, right side: one"
    assert of_a["MLO", "", ""] == "a slanted picture of a woman, side: one"


@pytest.mark.parametrize("kind", ["pair", "descriptors"])
def test_what_says_and_what_denies_are_of_one_descriptor(tmp_path, kind):
    found = laid_out(tmp_path, kind=kind, templates={"positive": ["{}", "see {}"], "negative": ["no {}", "see no {}"]})
    of_a = found[found["label"] == "a"]
    assert of_a["pole"].tolist() == ["positive", "positive", "negative", "negative"]
    assert of_a["sentence"].tolist() == ["one", "see one", "no one", "see no one"]
    assert set(of_a["descriptor"]) == {"one"}
    assert set(found["kind"]) == {kind}


@given(st.lists(st.text(string.ascii_lowercase + ",.", min_size=1), min_size=2, max_size=8, unique=True), st.data())
def test_laid_out_sentences_are_a_table(tmp_path_factory, phrases, data):
    """Of any phrases: one position a row, as many sentences a class, none twice in a context, no gap in any."""
    half = len(phrases) // 2
    templates = data.draw(st.sampled_from([["{}"], ["{age} {}"], ["{} ({age})", "{age}: {}"]]))
    words = {"age": WORDS["age"]} if "{age}" in templates[0] else {}
    of_task = {"halves": {"a": phrases[:half], "b": phrases[half : 2 * half]}}
    path = written(tmp_path_factory.mktemp("set"), templates=templates, words=words, tasks=of_task)
    try:
        found = prompts.lay_out(prompts.load(path, SCHEMA, HALVES))
    except UserError as error:  # such as "a" in one template and "a," in another
        assert "stands twice" in str(error)
        return
    tables.write(found, path.with_suffix(".tsv"), tables.PROMPTS)
    assert found.groupby(["age_band", "label"]).size().unique().tolist() == [half * len(templates)]
    assert not found.duplicated(["age_band", "sentence"]).any()
    assert not found["sentence"].str.contains(r"  |^ | $", regex=True).any()


@pytest.mark.parametrize("task", TASKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_set_serves_every_task(path, task):
    """Within the 77 tokens of OpenAI's CLIP, too, the shortest context that encoders are known with."""
    task = tasks.load(task)
    found = prompts.lay_out(prompts.load(path, SCHEMA, task))
    assert list(dict.fromkeys(found["label"])) == task.keys
    tokens = open_clip.tokenizer.SimpleTokenizer(context_length=100)(found["sentence"].tolist())
    assert (tokens != 0).sum(dim=1).max() <= 77


def test_the_sets_are_of_all_kinds():
    density = tasks.load(REPO / "resources/tasks/density.yaml")
    kinds = {path.stem: prompts.load(path, SCHEMA, density).kind for path in SHIPPED}
    assert kinds == {
        "paper": "class", "birads": "class", "plain": "class", "ensemble": "class", "views": "class",
        "pairs": "pair", "descriptors": "descriptors",
    }  # fmt: skip


def test_the_prompts_of_the_paper_are_its_own():
    density = tasks.load(REPO / "resources/tasks/density.yaml")
    found = prompts.lay_out(prompts.load(SETS / "paper.yaml", SCHEMA, density))
    assert dict(zip(found["label"], found["sentence"], strict=True)) == {
        "a": "a mammogram in which the breasts are almost entirely fatty",
        "b": "a mammogram with scattered areas of fibroglandular density",
        "c": "a mammogram in which the breasts are heterogeneously dense, which may obscure small masses",
        "d": "a mammogram in which the breasts are extremely dense, which lowers the sensitivity of mammography",
    }


def test_views_names_what_is_known_of_an_image():
    density = tasks.load(REPO / "resources/tasks/density.yaml")
    found = prompts.lay_out(prompts.load(SETS / "views.yaml", SCHEMA, density))
    sentences = found.set_index(["label", "view", "side", "age_band"])["sentence"]
    assert sentences["a", "MLO", "R", "60-69"] == (
        "a mediolateral oblique mammogram of a woman in her sixties: the right breast is almost entirely fatty"
    )
    assert (
        sentences["b", "", "", ""] == "a mammogram of a woman: the breast has scattered areas of fibroglandular density"
    )


def test_the_questions_about_the_domain():
    questions = prompts.load_questions(SETS / "domain.yaml", SCHEMA)
    assert list(questions) == ["view", "modality"]
    assert list(questions["view"].phrases) == ["CC", "MLO"]
    assert prompts.MODALITY in questions["modality"].phrases
    found = prompts.lay_out(*questions.values())
    assert found["position"].tolist() == list(range(len(found)))
    # An answer is of one question, or sentences of two would be taken for its own.
    assert not set(questions["view"].phrases) & set(questions["modality"].phrases)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "needed are questions, about view and modality, of kind class"),
        ({"questions": {"view": {"CC": ["one"], "other": ["two"]}}}, "needed answers: CC and MLO about the view"),
        ({"questions": {"modality": {"CT": ["one"], "MRI": ["two"]}}}, "mammogram and others about the modality"),
        ({"questions": {"view": {"CC": ["one"], "MLO": ["one"]}}}, "question view: a sentence stands twice"),
    ],
)
def test_questions_are_checked(tmp_path, changes, message):
    if "questions" in changes:
        whole = {"view": {"CC": ["one"], "MLO": ["two"]}, "modality": {"mammogram": ["three"], "CT": ["four"]}}
        changes = {"tasks": None, "questions": whole | changes["questions"]}
    with pytest.raises(UserError, match=re.escape(message)):
        prompts.load_questions(written(tmp_path, **changes), SCHEMA)


def test_the_domain_is_no_prompt_set_of_a_task():
    with pytest.raises(UserError, match="has no sentences for task halves"):
        prompts.load(SETS / "domain.yaml", SCHEMA, HALVES)


@pytest.mark.workflow
def test_a_set_is_encoded_once(snakemake_run, tmp_path):
    def encoded(name, *arguments):
        """Sentences encoded and asked for."""
        target = f"results/prompts/biomedclip/{name}.tsv"
        done = snakemake_run(tmp_path, target, *arguments)
        assert done.returncode == 0, done.stdout
        log = (tmp_path / f"results/logs/embed_prompts/biomedclip/{name}.log").read_text()
        return tuple(map(int, re.search(r"encoded (\d+) of (\d+) sentences", log).groups()))

    assert encoded("pairs") == (16, 16)
    (tmp_path / "results/prompts/biomedclip/pairs.tsv").unlink()
    assert encoded("pairs") == (0, 16)
    # Another task has other sentences, and none of the first is taken for one of them.
    assert encoded("pairs", "--config", "task=dense") == (8, 8)
    found = tables.read(tmp_path / "results/prompts/biomedclip/pairs.tsv", tables.PROMPTS)
    assert list(dict.fromkeys(found["label"])) == ["non_dense", "dense"]
