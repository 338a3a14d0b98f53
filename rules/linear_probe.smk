"""Linear probe: a linear layer on frozen image embeddings."""


rule linear_probe:
    """Trained on train, stopped on validation; probabilities for every labelled image."""
    input:
        manifest="results/splits/seed{seed}/manifest.tsv",
        classes="results/splits/classes.tsv",
        embeddings=embeddings_of,
    output:
        predictions="results/predictions/{experiment}/seed{seed}.tsv",
        curve="results/training/{experiment}/seed{seed}.tsv",
    log:
        "results/logs/linear_probe/{experiment}/seed{seed}.log",
    benchmark:
        "results/benchmarks/linear_probe/{experiment}/seed{seed}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("linear_probe")),
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        max_epochs=max_epochs(),
        views=views_of_experiment,
        weighted=config["split"]["balance"] == "weighted",
        compute=config["compute"],
        work="results/work/probes",
        code=code_hash("linear_probe.py"),
    script:
        "../workflow/scripts/linear_probe.py"
