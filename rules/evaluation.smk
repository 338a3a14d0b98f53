"""Evaluation: the test set is read here, once, for every method alike."""


rule evaluate_predictions:
    """Measures with intervals of one experiment, for every seed, level and class."""
    input:
        predictions=lambda wildcards: predictions_of(wildcards.experiment),
        groups="results/cohort/groups.tsv",
        task=TASK,
    output:
        metrics="results/metrics/{experiment}.tsv",
    log:
        "results/logs/evaluate_predictions/{experiment}.log",
    benchmark:
        "results/benchmarks/evaluate_predictions/{experiment}.tsv"
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        seeds=SEEDS,
        # An untrained method may be measured on every labelled image, as the paper does.
        subsets=lambda wildcards: list(
            dict.fromkeys(["test", PREDICTED[wildcards.experiment].get("evaluate_on", "test")])
        ),
        evaluation=config["evaluation"],
        code=code_hash("evaluate_predictions.py"),
    script:
        "../workflow/scripts/evaluate_predictions.py"


rule compare_experiments:
    """Differences between experiments on what both of them predict of the test set."""
    input:
        predictions=[path for name in EXPERIMENTS for path in predictions_of(name)],
        groups="results/cohort/groups.tsv",
    output:
        comparisons="results/metrics/comparisons.tsv",
    log:
        "results/logs/compare_experiments.log",
    benchmark:
        "results/benchmarks/compare_experiments.tsv"
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        experiments=list(EXPERIMENTS),
        seeds=SEEDS,
        evaluation=config["evaluation"],
        code=code_hash("compare_experiments.py"),
    script:
        "../workflow/scripts/compare_experiments.py"


rule evaluate_subgroups:
    """Fewer measures of every experiment by device, view, side, format, age and year; the first seed's test images."""
    input:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv",
            experiment=EXPERIMENTS,
            seed=SEEDS[0],
        ),
        images="results/images/images.tsv",
        exams="results/cohort/exams.tsv",
        groups="results/cohort/groups.tsv",
    output:
        metrics=expand("results/metrics/subgroups/{experiment}.tsv", experiment=EXPERIMENTS),
    log:
        "results/logs/evaluate_subgroups.log",
    benchmark:
        "results/benchmarks/evaluate_subgroups.tsv"
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        seed=SEEDS[0],
        evaluation=config["evaluation"],
        code=code_hash("evaluate_subgroups.py"),
    script:
        "../workflow/scripts/evaluate_subgroups.py"
