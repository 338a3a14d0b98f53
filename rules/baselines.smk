"""Trivial baselines: what any method must beat to mean anything."""


rule predict_majority:
    """Always the commonest class of the development images, before balancing."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
    output:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv", seed=SEEDS, allow_missing=True
        ),
    log:
        "results/logs/predict_majority/{experiment}.log",
    benchmark:
        "results/benchmarks/predict_majority/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("majority")),
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        views=views_of_experiment,
        code=code_hash("predict_majority.py"),
    script:
        "../workflow/scripts/predict_majority.py"


rule predict_random:
    """A class drawn for each image from the shares of the development images."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
    output:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv", seed=SEEDS, allow_missing=True
        ),
    log:
        "results/logs/predict_random/{experiment}.log",
    benchmark:
        "results/benchmarks/predict_random/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("random")),
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        views=views_of_experiment,
        seeds=SEEDS,
        code=code_hash("predict_random.py"),
    script:
        "../workflow/scripts/predict_random.py"


rule predict_roi_presence:
    """The second of two classes where the data set outlines a lesion, the first where it outlines none."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
        labelled_images="results/cohort/labelled_images.tsv",
    output:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv", seed=SEEDS, allow_missing=True
        ),
    log:
        "results/logs/predict_roi_presence/{experiment}.log",
    benchmark:
        "results/benchmarks/predict_roi_presence/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("roi_presence")),
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        views=views_of_experiment,
        code=code_hash("predict_roi_presence.py"),
    script:
        "../workflow/scripts/predict_roi_presence.py"


rule predict_histogram:
    """Logistic regression on the intensity histogram of the PNG."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
        pngs=pngs_of,
    output:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv", seed=SEEDS, allow_missing=True
        ),
    log:
        "results/logs/predict_histogram/{experiment}.log",
    benchmark:
        "results/benchmarks/predict_histogram/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("histogram")),
    conda:
        "../envs/images.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        views=views_of_experiment,
        weighted=config["split"]["balance"] == "weighted",
        compute=config["compute"],
        code=code_hash("predict_histogram.py"),
    script:
        "../workflow/scripts/predict_histogram.py"
