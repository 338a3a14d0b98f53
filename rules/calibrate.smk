"""Calibrated predictions: another experiment's, moved by a temperature or by a bias for each class."""


rule calibrate_predictions:
    """Fitted on development images where nothing was trained, else on validation images; never on test images."""
    input:
        predictions=lambda wildcards: predictions_of(taken_by(wildcards)[0]),
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
    output:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv", seed=SEEDS, allow_missing=True
        ),
        calibration="results/calibration/{experiment}.tsv",
    log:
        "results/logs/calibrate_predictions/{experiment}.log",
    benchmark:
        "results/benchmarks/calibrate_predictions/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("calibrate")),
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=10,
    params:
        seeds=SEEDS,
        by=of_experiment("{by}"),
        prior=lambda wildcards: PREDICTED[wildcards.experiment].get("prior", {}),
        trained=lambda wildcards: configuration.is_trained(
            config["experiments"], wildcards.experiment
        ),
        code=code_hash("calibrate_predictions.py"),
    script:
        "../workflow/scripts/calibrate_predictions.py"
