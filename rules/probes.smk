"""What frozen image embeddings hold: a linear probe, logistic regression, and nearest neighbours on them."""


rule linear_probe:
    """Trained on train, stopped on validation; probabilities for every labelled image."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
        embeddings=embeddings_of,
        encoder=of_experiment("results/models/encoders/{encoder}.tsv"),
    output:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv", seed=SEEDS, allow_missing=True
        ),
        curves=expand(
            "results/training/{experiment}/seed{seed}.tsv", seed=SEEDS, allow_missing=True
        ),
        heads=expand(
            "results/training/{experiment}/seed{seed}.safetensors", seed=SEEDS, allow_missing=True
        ),
        choices="results/training/{experiment}/choices.tsv",
    log:
        "results/logs/linear_probe/{experiment}.log",
    benchmark:
        "results/benchmarks/linear_probe/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("linear_probe")),
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=memory(4000, times=30),
        runtime=minutes(60),
    params:
        seeds=SEEDS,
        settings=probe_settings,
        vectors=vectors_of,
        views=views_of_experiment,
        weighted=config["split"]["balance"] == "weighted",
        compute=config["compute"],
        warning=caveats.short(config),
        work="results/work/probes",
        training=code_hash("mammoflow/models/probes.py"),
        code=code_hash("linear_probe.py"),
    script:
        "../workflow/scripts/linear_probe.py"


rule logistic_regression:
    """Fitted on train, its regularisation chosen on validation; probabilities for every labelled image."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
        embeddings=embeddings_of,
        encoder=of_experiment("results/models/encoders/{encoder}.tsv"),
    output:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv", seed=SEEDS, allow_missing=True
        ),
        heads=expand(
            "results/training/{experiment}/seed{seed}.safetensors", seed=SEEDS, allow_missing=True
        ),
        choices="results/training/{experiment}/choices.tsv",
    log:
        "results/logs/logistic_regression/{experiment}.log",
    benchmark:
        "results/benchmarks/logistic_regression/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("logistic_regression")),
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=memory(4000, times=30),
        runtime=minutes(60),
    params:
        seeds=SEEDS,
        vectors=vectors_of,
        views=views_of_experiment,
        weighted=config["split"]["balance"] == "weighted",
        compute=config["compute"],
        warning=caveats.short(config),
        code=code_hash("logistic_regression.py"),
    script:
        "../workflow/scripts/logistic_regression.py"


rule nearest_neighbours:
    """Votes of the nearest training images, their number chosen on validation; probabilities for every labelled image."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
        embeddings=embeddings_of,
    output:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv", seed=SEEDS, allow_missing=True
        ),
        choices="results/training/{experiment}/choices.tsv",
    log:
        "results/logs/nearest_neighbours/{experiment}.log",
    benchmark:
        "results/benchmarks/nearest_neighbours/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("nearest_neighbours")),
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=memory(4000, times=30),
        runtime=minutes(60),
    params:
        seeds=SEEDS,
        vectors=vectors_of,
        views=views_of_experiment,
        weighted=config["split"]["balance"] == "weighted",
        compute=config["compute"],
        code=code_hash("nearest_neighbours.py"),
    script:
        "../workflow/scripts/nearest_neighbours.py"
