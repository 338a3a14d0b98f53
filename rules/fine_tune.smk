"""Fine-tuning: all layers of a network trained on pictures; killed at any moment, it goes on where it was."""


rule stack_pngs:
    """The PNGs of all labelled images decoded once, into one array of squares."""
    input:
        labelled="results/cohort/labelled_images.tsv",
        pngs=expand("results/png/{{recipe}}/{shard}.tsv", shard=SHARDS),
    output:
        squares="results/arrays/{recipe}/{side}.tsv",
    log:
        "results/logs/stack_pngs/{recipe}/{side}.log",
    benchmark:
        "results/benchmarks/stack_pngs/{recipe}/{side}.tsv"
    conda:
        "../envs/models.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        work="results/work/arrays",
        stacking=code_hash("mammoflow/models/arrays.py"),
        code=code_hash("stack_pngs.py"),
    script:
        "../workflow/scripts/stack_pngs.py"


rule fine_tune:
    """Trained on train, stopped on validation; probabilities for every labelled image."""
    input:
        manifest="results/splits/seed{seed}/manifest.tsv",
        classes="results/splits/classes.tsv",
        squares=squares_of,
        network=network_files_of,
    output:
        predictions="results/predictions/{experiment}/seed{seed}.tsv",
        curve="results/training/{experiment}/seed{seed}.tsv",
        weights="results/training/{experiment}/seed{seed}.safetensors",
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
        gpu=config["fine_tuning"]["gpus"],
        mem_mb=memory(16000),
        runtime=1440,
    params:
        folder=network_of,
        tuning=tuning_of,
        views=views_of_experiment,
        weighted=config["split"]["balance"] == "weighted",
        threads=config["compute"]["threads"],
        machine=config["fine_tuning"],
        work="results/work/fine_tuning",
        training=code_hash("mammoflow/models/finetuning.py"),
        code=code_hash("fine_tune.py"),
    script:
        "../workflow/scripts/fine_tune.py"
