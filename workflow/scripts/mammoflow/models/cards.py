"""Model cards: what a saved model is, for people (Mitchell et al. 2019, doi.org/10.1145/3287560.3287596)."""

from collections.abc import Sequence

from mammoflow.models.records import Record

_CARD = """\
# {experiment}, seed {seed}
{warning}
Classifies mammograms by task {task}: {classes}, in this order. Method: {method}, from {source}.

## Use

{use}

`tables.tsv` and `tables.safetensors` are the frozen matching tables of the recipe: new pictures must be made by them.

## Intended use, and limits

Research on how models compare. It is no medical device, and nothing in it is meant for the care of a patient. It was
trained on one cohort: on images of other devices, hospitals or populations its measures are unknown until they are
measured there. Views, sides and classes that the cohort lacks it has never seen.

## Trained on

{subsets}

Split by {unit}; images, labels and subsets have the digest `{data_key}`.

## How

{training}

{recipe}

## Measures

Of the validation images, which chose what was kept: cross-entropy {loss:.4f} nats, accuracy {accuracy:.3f}. Measures of
the test images, with intervals and beside trivial baselines, stand in the report of the run.

Workflow at commit {commit}. `record.json` says the same to programs.
"""
_NETWORK = """\
```python
import timm
network = timm.create_model("local-dir:FOLDER", pretrained=True).eval()
{last}
```

FOLDER is this folder. `pictures` are (n, 3, {side}, {side}): the PNG of the recipe, whole, padded with black to a
square of {side} pixels, as shares of white, less the mean and divided by the deviation that `config.json` names."""
_LAST = {
    "softmax": "probabilities = network(pictures).softmax(dim=1)",
    "coral": "later = network(pictures).sigmoid()  # probability of a later class than each but the last",
}
_LINEAR = """\
`head.safetensors` holds `weight` (classes, width) and `bias` (classes,). Probabilities are the softmax of
`vectors @ weight.T + bias`, where vectors are the encoder's ({features}), not normalised."""


def card(record: Record) -> str:
    """The card in Markdown."""
    training = record.training
    if record.settings["method"] == "fine_tune":
        use = _NETWORK.format(side=training["side"], last=_LAST[training["head"]])
    else:
        use = _LINEAR.format(features=training["features"])
    counts = [(name, f"{own['images']:,}", f"{own['patients']:,}") for name, own in record.subsets.items()]
    return _CARD.format(
        experiment=record.experiment,
        seed=record.seed,
        warning=f"\n**{record.warning}.**\n" if record.warning else "",
        task=record.task,
        classes=", ".join(record.classes),
        method=record.settings["method"],
        source=record.settings.get("model") or record.settings["encoder"],
        use=use,
        subsets=_table(("subset", "images", "patients"), counts),
        unit=record.split_unit,
        data_key=record.data_key,
        training=_table(("setting", "value"), list(training.items())),
        recipe=_table(("picture", "value"), list(record.recipe.items())),
        loss=record.validation["loss"],
        accuracy=record.validation["accuracy"],
        commit=record.commit,
    )


def _table(columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    lines: list[tuple[object, ...]] = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
