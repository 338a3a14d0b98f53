"""Zero-shot probabilities, explanations and the domain, against formulas written out."""

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mammoflow import tables, tasks
from mammoflow.errors import UserError
from mammoflow.figures import prompts as figures
from mammoflow.models import domain, encoders, prompt_embeddings, prompts, random_models, zero_shot
from mammoflow.models.prompt_embeddings import Embedded
from tests.conftest import REPO

SCHEMA = REPO / "workflow/schemas/prompts.schema.yaml"
CLASSES = ["a", "b", "c", "d"]
WIDTH = 6
SETS = sorted(path.stem for path in (REPO / "resources/prompts").glob("*.yaml") if path.stem != "domain")


@cache
def embedded(name, temperature=20.0):
    """A shipped prompt set for density with made-up vectors, of any length."""
    task = tasks.load(REPO / "resources/tasks/density.yaml")
    rows = prompts.lay_out(*prompts.load_all(REPO / f"resources/prompts/{name}.yaml", SCHEMA, task))
    vectors = np.random.default_rng(len(rows)).normal(size=(len(rows), WIDTH)).astype(np.float32)
    return Embedded(rows, vectors, temperature)


def images_of(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, WIDTH)).astype(np.float32)


def nothing_known(n):
    return pd.DataFrame("", index=range(n), columns=prompts.CONTEXT)


def unit(vector):
    length = math.sqrt(sum(float(x) ** 2 for x in vector))
    return [float(x) / length for x in vector]


def dot(one, other):
    return sum(x * y for x, y in zip(one, other, strict=True))


def mean_of(whole, **wanted):
    """The unit mean of the unit vectors of sentences, one by one."""
    rows = [row for row in whole.prompts.itertuples() if all(getattr(row, key) in of for key, of in wanted.items())]
    assert rows
    vectors = [unit(whole.vectors[row.position]) for row in rows]
    return unit([sum(column) / len(vectors) for column in zip(*vectors, strict=True)])


def softmax(values):
    return [math.exp(value) / sum(map(math.exp, values)) for value in values]


def expected(name, image, context, classes):
    """Probabilities and, by label and descriptor, what was found, for one image: the definition, in plain loops."""
    whole, image = embedded(name), unit(image)
    known = {key: [value] for key, value in context.items()}
    if whole.prompts["kind"].iloc[0] == "class":
        vectors = [mean_of(whole, label=label.split("+"), **known) for label in classes]
        return softmax([whole.temperature * dot(image, vector) for vector in vectors]), {}
    divisor = {"pairs": 1.0, "descriptors": 0.5}[name]
    found = {}
    for label, descriptor in {(row.label, row.descriptor) for row in whole.prompts.itertuples()}:
        if label in "+".join(classes).split("+"):
            of = {"label": [label], "descriptor": [descriptor], **known}
            says, denies = (
                dot(image, mean_of(whole, pole=[pole], **of)) / divisor for pole in ("positive", "negative")
            )
            found[label, descriptor] = math.exp(says) / (math.exp(says) + math.exp(denies))
    scores = [[math.log(p) for (part, _), p in found.items() if part in label.split("+")] for label in classes]
    return softmax([sum(own) / len(own) for own in scores]), found


@pytest.mark.parametrize("classes", [CLASSES, ["a+b", "c", "d"], ["b", "c"], ["a+b+c", "d"]], ids=" ".join)
@pytest.mark.parametrize("name", SETS)
def test_probabilities_are_those_of_the_definition(name, classes):
    images = images_of(5)
    probabilities, signs = zero_shot.predict(images, nothing_known(5), embedded(name), classes)
    for row, image in enumerate(images):
        of_classes, of_signs = expected(name, image, dict.fromkeys(prompts.CONTEXT, ""), classes)
        np.testing.assert_allclose(probabilities[row], of_classes, rtol=1e-10)
        assert signs.iloc[row].to_dict() == pytest.approx(of_signs, rel=1e-10)


def test_a_hand_made_pair():
    """Cosines of 1 and 0 with what says and denies a, of 0 and 1 with those of b: odds of e, as in CheXzero."""
    rows = [
        {"position": n, "kind": "pair", "label": "ab"[n // 2], "pole": ("positive", "negative")[n % 2]}
        | {"descriptor": "sign", "sentence": str(n)}
        for n in range(4)
    ]
    vectors = np.array([[2.0, 0], [0, 3], [0, 1], [1, 0]])
    whole = Embedded(tables.frame_of(rows, tables.PROMPTS), vectors, 100.0)
    probabilities, signs = zero_shot.predict(np.array([[5.0, 0]]), nothing_known(1), whole, ["a", "b"])
    p = math.e / (math.e + 1)
    np.testing.assert_allclose(signs.to_numpy(), [[p, 1 - p]])
    np.testing.assert_allclose(probabilities, [[p, 1 - p]])


def manifest(*places):
    """A manifest of images with these views and sides, each an exam of its own."""
    rows = [
        {"image_id": f"i{n}", "exam_id": f"e{n}", "patient_id": f"p{n // 2}", "view": view, "laterality": side}
        | {"label": "a", "held_out": "development", "subset": "train"}
        for n, (view, side) in enumerate(places)
    ]
    return tables.frame_of(rows, tables.MANIFEST)


def exams(*ages):
    rows = [
        {"exam_id": f"e{n}", "age_band": age, "included": True}
        | {f"images_{status}": 1 for status in ("accepted", "excluded", "quarantined")}
        for n, age in enumerate(ages)
    ]
    return tables.frame_of(rows, tables.EXAMS)


def test_images_have_the_sentences_of_what_is_known_of_them():
    rows = manifest(("CC", "L"), ("MLO", "R"), ("other", "R"), ("", ""), ("CC", "L"))
    of_images = exams("50-59", "", "80+", "10-19")  # the last has no exam
    found = zero_shot.contexts(rows, of_images, embedded("views").prompts)
    assert found.to_numpy().tolist() == [
        ["CC", "L", "50-59"], ["MLO", "R", ""], ["", "R", "80+"], ["", "", ""], ["CC", "L", ""],
    ]  # fmt: skip
    plain = zero_shot.contexts(rows, of_images, embedded("paper").prompts)
    assert (plain == "").all(axis=None)
    images = images_of(5)
    probabilities, _ = zero_shot.predict(images, found, embedded("views"), CLASSES)
    for row, image in enumerate(images):
        np.testing.assert_allclose(probabilities[row], expected("views", image, found.loc[row].to_dict(), CLASSES)[0])


def test_a_class_without_a_sentence_is_named():
    with pytest.raises(UserError, match="the prompt set has no sentence for class 'e'; choose one of this task"):
        zero_shot.predict(images_of(1), nothing_known(1), embedded("paper"), ["a", "d+e"])


@given(st.sampled_from(SETS), st.permutations(range(7)), st.floats(0.001, 1000))
def test_neither_length_nor_company_matters(name, order, length):
    images = images_of(7)
    alone, signs = zero_shot.predict(images, nothing_known(7), embedded(name), CLASSES)
    np.testing.assert_allclose(alone.sum(axis=1), 1, rtol=1e-12)
    other, others = zero_shot.predict(length * images[order], nothing_known(7), embedded(name), CLASSES)
    np.testing.assert_allclose(other, alone[order], rtol=1e-4)  # lengths are float32's
    np.testing.assert_allclose(others.to_numpy(), signs.to_numpy()[order], rtol=1e-4)


def test_explanations_are_a_row_an_image_and_descriptor(tmp_path):
    rows = manifest(*[("CC", "L")] * 3)
    _, signs = zero_shot.predict(images_of(3), nothing_known(3), embedded("descriptors"), ["b+c", "d"])
    found = zero_shot.explanations(rows["image_id"], signs)
    tables.write(found, tmp_path / "e.tsv", tables.EXPLANATIONS)
    assert len(found) == 3 * 15
    assert set(found["label"]) == {"b", "c", "d"}
    of_image = found[found["image_id"] == "i1"].set_index(["label", "descriptor"])["probability"]
    assert of_image["c", "more white tissue than dark fat"] == signs["c", "more white tissue than dark fat"].iloc[1]
    _, none = zero_shot.predict(images_of(3), nothing_known(3), embedded("paper"), CLASSES)
    tables.write(zero_shot.explanations(rows["image_id"], none), tmp_path / "n.tsv", tables.EXPLANATIONS)
    assert tables.read(tmp_path / "n.tsv", tables.EXPLANATIONS).empty


def test_an_encoder_is_asked_for_view_and_modality():
    whole = embedded("domain")
    questions = prompts.load_questions(REPO / "resources/prompts/domain.yaml", SCHEMA)
    answers = {name: list(one.phrases) for name, one in questions.items()}
    rows = manifest(("CC", "L"), ("CC", "R"), ("MLO", "L"), ("other", "L"), ("", ""), ("MLO", "R"))
    # Each image is where the sentences of one answer are; the last is nobody's business.
    taken_for = ["CC", "MLO", "MLO", "ultrasound", "mammogram", "CC"]
    rows.loc[5, "held_out"] = "test"
    vectors = np.stack([whole.mean(whole.prompts[whole.prompts["label"] == label]) for label in taken_for])
    keys = ["question", "truth", "answer"]
    found = domain.identify(rows, vectors, whole, answers).set_index(keys).sort_index()
    assert found.loc["view", "n_images"].to_dict() == {
        ("CC", "CC"): 1, ("CC", "MLO"): 1, ("MLO", "CC"): 0, ("MLO", "MLO"): 1,
    }  # fmt: skip
    of_modality = found.loc[("modality", "mammogram")]
    centres = {label: mean_of(whole, label=[label]) for label in answers["modality"]}
    given = [max(centres, key=lambda label: dot(image, centres[label])) for image in vectors[:5].tolist()]
    assert given[3:] == ["ultrasound", "mammogram"]
    assert of_modality["n_images"].to_dict() == {label: given.count(label) for label in sorted(centres)}
    assert found.loc[("view", "MLO", "MLO"), "n_patients"] == 1


def test_no_image_of_a_screening_view_is_no_question():
    whole = embedded("domain")
    answers = {"view": ["CC", "MLO"], "modality": ["mammogram", "CT"]}
    found = domain.identify(manifest(("other", "L"), ("", "R")), images_of(2), whole, answers)
    assert found["question"].tolist() == ["modality", "modality"]
    assert found["n_images"].sum() == 2


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    random_models.make_encoder(folder, sentences=["a mammogram of a dense breast"])
    return encoders.load(folder)


def test_prompts_are_embedded_once_and_stand_beside_their_sentences(encoder, tmp_path):
    rows = embedded("views").prompts.head(30)
    # The view alone makes no other sentence where a set has the same words for both.
    rows = rows.assign(sentence=rows["sentence"].where(rows.index % 3 > 0, "the same"))
    sentences = prompt_embeddings.distinct(rows)
    assert len(sentences) == 21
    loaded = []

    def load():
        loaded.append(1)
        return encoder

    assert prompt_embeddings.encode(sentences, tmp_path / "key", load)
    assert not prompt_embeddings.encode(sentences, tmp_path / "key", load)
    assert len(loaded) == 1
    files = {"table": tmp_path / "p.tsv", "vectors": tmp_path / "p.safetensors"}
    prompt_embeddings.write(rows, tmp_path / "key", **files)
    found = prompt_embeddings.read(**files)
    pd.testing.assert_frame_equal(found.prompts, rows)
    np.testing.assert_allclose(found.vectors, encoder.texts(rows["sentence"].tolist()), atol=1e-6)
    assert found.temperature == pytest.approx(encoder.temperature)
    first = files["vectors"].read_bytes()
    prompt_embeddings.write(rows, tmp_path / "key", **files)
    assert files["vectors"].read_bytes() == first


def test_similarities_are_cosines_of_what_a_set_tells_apart():
    paper = figures.panel(embedded("paper"))
    assert paper.names == CLASSES
    vectors = [unit(vector) for vector in embedded("paper").vectors]
    np.testing.assert_allclose(paper.cosines, [[dot(one, other) for other in vectors] for one in vectors], atol=1e-12)
    pairs = figures.panel(embedded("pairs"))
    assert pairs.names == [f"{label} {sign}" for label in CLASSES for sign in "+−"]
    says_a, denies_c = (
        mean_of(embedded("pairs"), label=[label], pole=[pole]) for label, pole in (("a", "positive"), ("c", "negative"))
    )
    assert pairs.cosines[0, 5] == pytest.approx(dot(says_a, denies_c))
    signs = figures.panel(embedded("descriptors"))
    assert signs.groups == [label for label in CLASSES for _ in range(5)]
    assert signs.cosines[3, 3] == pytest.approx(1)
    of_view = figures.panel(embedded("views"))
    assert of_view.context == "CC, L"
    shown = [mean_of(embedded("views"), label=[label], view=["CC"], side=["L"], age_band=[""]) for label in "ad"]
    assert of_view.cosines[0, 3] == pytest.approx(dot(*shown))


def test_the_figure_has_a_panel_a_set_and_says_its_scale():
    figure = figures.draw({name: embedded(name) for name in [*SETS, "domain"]}, encoder="mine", warning="beware")
    FigureCanvasAgg(figure).draw()
    titled = [(axes.get_title(loc="left").split(":")[0], axes) for axes in figure.get_axes()]
    numbers = {title: len(axes.texts) for title, axes in titled if title}
    assert list(numbers) == [*SETS, "domain"]
    assert numbers == {
        "birads": 16, "descriptors": 0, "domain": 81, "ensemble": 16,
        "pairs": 64, "paper": 16, "plain": 16, "views": 16,
    }  # fmt: skip
    assert any("cosine, from -" in one.get_ylabel() for one in figure.get_axes())
    said = " ".join(text.get_text() for text in figure.texts)
    assert "Similarity of prompts: mine" in said
    assert "beware" in said
    assert "multiplies cosines by 20: where the kind is class" in said


def test_sentences_that_are_all_one_to_an_encoder_are_drawn():
    whole = embedded("paper")
    alike = Embedded(whole.prompts, np.ones_like(whole.vectors), 20.0)
    figure = figures.draw({"paper": alike}, encoder="mine")
    FigureCanvasAgg(figure).draw()
    assert any(axes.get_ylabel() == "cosine, from 0.999 to 1" for axes in figure.get_axes())
