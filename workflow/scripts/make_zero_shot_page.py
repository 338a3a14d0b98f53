"""Make the page of zero-shot: prompt sets side by side, calibration, descriptors, and what encoders recognise."""

from pathlib import Path
from typing import TYPE_CHECKING

from mammoflow.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with log_to(snakemake.log[0]):
    import yaml

    from mammoflow import files, provenance, tables, tasks
    from mammoflow.pages import descriptors, figures, html, sections, zero_shot

    given, params = snakemake.input, snakemake.params
    task, names = tasks.load(given.task), list(params.experiments)
    metrics = dict(zip(params.measured, (tables.read(path, tables.METRICS) for path in given.metrics), strict=True))
    prompts = dict(zip(names, (tables.read(path, tables.PROMPTS) for path in given.prompts), strict=True))
    read_calibration = (tables.read(path, tables.CALIBRATION) for path in given.calibration)
    calibration = dict(zip(params.calibrated, read_calibration, strict=True))
    comparisons = tables.read(given.comparisons, tables.COMPARISONS)
    manifest = tables.read(given.manifest, tables.MANIFEST)
    described = [
        descriptors.described(
            name,
            explanations,
            descriptors.development(manifest, predictions),
            predictions,
            task,
            resamples=params.evaluation["resamples"],
            seed=params.evaluation["seed"],
        )
        for name, of_images, predicted in zip(names, given.explanations, given.predictions, strict=True)
        for explanations, predictions in [
            (tables.read(of_images, tables.EXPLANATIONS), tables.read(predicted, tables.PREDICTIONS))
        ]
        if len(explanations)
    ]
    # Experiments may share a set.
    of_set = {own["prompts"]: prompts[name] for name, own in params.experiments.items()}
    page = html.render(
        given.template,
        task=task.name,
        caveats=params.caveats,
        warning=params.warning,
        summary=zero_shot.summary(params.experiments, params.calibrated, metrics, comparisons, warning=params.warning),
        sets=zero_shot.sets(params.experiments, metrics, prompts, subset="test"),
        all_images=zero_shot.sets(params.experiments, metrics, prompts, subset="all"),
        sentences=[zero_shot.sentences(name, own, task) for name, own in of_set.items()],
        similarity=[figures.similarity(path) for path in given.similarity],
        before_and_after=zero_shot.before_and_after(params.calibrated, metrics, comparisons)
        if params.calibrated
        else None,
        fitted=zero_shot.fitted(calibration, task),
        descriptors=described,
        domain=[
            one
            for (encoder, recipe), path in zip(params.asked, given.domain, strict=True)
            for one in zero_shot.recognised(tables.read(path, tables.DOMAIN), encoder=encoder, recipe=recipe)
        ],
        commit=provenance.code_commit(Path(provenance.__file__).parent),
        versions=sections.versions(provenance.versions()),
        config=yaml.safe_dump(params.config, sort_keys=False, allow_unicode=True, width=100),
    )
    files.write_text(page, snakemake.output.page)
