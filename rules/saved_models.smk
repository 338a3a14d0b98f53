"""Saved models: what is needed to use a trained model on new images, in a folder of its own."""


rule save_model:
    """Weights, matching tables, a record for programs and a card for people, of every experiment and seed."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
        matching=each(of_experiment("results/matching/{recipe}/tables.tsv"), SAVED),
        tables=each(of_experiment("results/matching/{recipe}/tables.safetensors"), SAVED),
        sources=each(source_of, SAVED),
        weights=expand(
            "results/training/{experiment}/seed{seed}.safetensors", experiment=SAVED, seed=SEEDS
        ),
        chosen=each(chosen_of, SAVED),
    output:
        records=expand(
            "results/models/trained/{experiment}/seed{seed}/record.json",
            experiment=SAVED,
            seed=SEEDS,
        ),
    log:
        "results/logs/save_model.log",
    benchmark:
        "results/benchmarks/save_model.tsv"
    conda:
        "../envs/models.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        experiments=SAVED,
        seeds=SEEDS,
        task=config["task"],
        settings=[configuration.without_weights_place(PREDICTED[name]) for name in SAVED],
        tuning=each(tuning_of, SAVED),
        encoders=each(encoder_of_experiment, SAVED),
        recipes=[
            configuration.drawn(config["recipes"][PREDICTED[name]["recipe"]]) for name in SAVED
        ],
        scan=config["scan"],
        unit=config["split"]["unit"],
        warning=caveats.short(config),
        code=code_hash("save_model.py"),
    script:
        "../workflow/scripts/save_model.py"
