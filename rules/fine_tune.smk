"""Fine-tuning: all layers of a convolutional network trained on the PNGs."""


rule fine_tune:
    """Trained on train, stopped on validation; probabilities for every labelled image."""
    input:
        manifest="results/splits/seed{seed}/manifest.tsv",
        classes="results/splits/classes.tsv",
        pngs=pngs_of,
        network=of_experiment("results/models/networks/{model}.tsv"),
    output:
        predictions="results/predictions/{experiment}/seed{seed}.tsv",
        curve="results/training/{experiment}/seed{seed}.tsv",
    log:
        "results/logs/fine_tune/{experiment}/seed{seed}.log",
    benchmark:
        "results/benchmarks/fine_tune/{experiment}/seed{seed}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("fine_tune")),
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        gpu=1,
        mem_mb=16000,
        runtime=1440,
    params:
        folder=of_experiment("results/models/networks/{model}"),
        max_epochs=max_epochs,
        views=views_of_experiment,
        weighted=config["split"]["balance"] == "weighted",
        compute=config["compute"],
        work="results/work/fine_tuning",
        code=code_hash("fine_tune.py"),
    script:
        "../workflow/scripts/fine_tune.py"
