"""Mammograms and radiology reports in, a fair comparison of breast-density classifiers out."""

from snakemake.utils import min_version

min_version("9.0")


configfile: workflow.source_path("config.yaml")


report: "workflow/report/workflow.rst"


# In running order: one file a stage.
include: "rules/common.smk"
include: "rules/demo.smk"
include: "rules/reports.smk"
include: "rules/translation.smk"
include: "rules/labels.smk"
include: "rules/languages.smk"
include: "rules/images.smk"
include: "rules/cohort.smk"
include: "rules/matching.smk"
include: "rules/pngs.smk"
include: "rules/splits.smk"
include: "rules/quality.smk"
include: "rules/models.smk"
include: "rules/embeddings.smk"
include: "rules/prompts.smk"
include: "rules/zero_shot.smk"
include: "rules/probes.smk"
include: "rules/few_shot.smk"
include: "rules/fine_tune.smk"
include: "rules/saved_models.smk"
include: "rules/explanations.smk"
include: "rules/external.smk"
include: "rules/baselines.smk"
include: "rules/merge.smk"
include: "rules/calibrate.smk"
include: "rules/evaluation.smk"
include: "rules/published.smk"
include: "rules/figures.smk"
include: "rules/result_figures.smk"
include: "rules/report.smk"


rule all:
    """The report, and all that it shows; beside it what not everybody may see; and a record of it all, with hashes."""
    default_target: not EXTERNAL
    input:
        "results/report/report.html",
        "results/report/zero_shot.html" if HAS_IMAGES and ZERO_SHOT else [],
        expand(
            "results/models/trained/{experiment}/seed{seed}/record.json",
            experiment=SAVED if HAS_IMAGES else [],
            seed=SEEDS,
        ),
        ["private/report.html", "private/review.tsv"] if HAS_REPORTS else [],
        rules.plot_mistakes.output.page if HAS_IMAGES else [],
    output:
        results="results/provenance/run.json",
        private="private/run.json",
    log:
        "results/logs/record_run.log",
    benchmark:
        "results/benchmarks/record_run.tsv"
    localrule: True
    conda:
        "envs/figures.yaml"
    params:
        configuration=caveats.public(config),
        code=code_hash("record_run.py"),
    script:
        "workflow/scripts/record_run.py"


if EXTERNAL:

    use rule all as predict with:
        # A saved model's probabilities of new images, breasts and exams; with labels, how good they are.
        default_target: True
        input:
            expand(
                f"{EXTERNAL_FOLDER}/predictions/{{experiment}}/seed{{seed}}.tsv",
                experiment=EXPERIMENTS,
                seed=SEEDS,
            ),
            expand(
                f"{EXTERNAL_FOLDER}/metrics/{{experiment}}.tsv",
                experiment=EXPERIMENTS if HAS_LABELS else [],
            ),


rule cohort:
    """What there is to compare on, before any picture is exported or any model trained."""
    input:
        "results/report/cohort.html" if HAS_IMAGES else "results/report/report.html",


rule figures:
    """Every figure and table, from predictions that are there: nothing is trained and nothing encoded for them."""
    input:
        rules.plot_cohort.output,
        rules.plot_outline.output,
        rules.plot_matching.output,
        rules.plot_bright_tissue.output,
        rules.plot_embeddings.output,
        rules.plot_training.output,
        rules.plot_experiments.output,
        rules.plot_confusion.output,
        rules.plot_curves.output if NOT_CONSTANT else [],
        rules.plot_subgroups.output,
        rules.plot_mistakes.output,
        rules.plot_few_shot.output if FEW_SHOT else [],
        expand(rules.plot_prompts.output, encoder=dict.fromkeys(encoder for encoder, _ in ASKED)),
        rules.make_tables.output,
