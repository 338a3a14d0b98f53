"""Saved models: what is needed to use a trained model on new images, in a folder of its own."""


rule save_model:
    """Weights, matching tables, a record for programs and a card for people, for every seed of an experiment."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
        matching=of_experiment("results/matching/{recipe}/tables.tsv"),
        tables=of_experiment("results/matching/{recipe}/tables.safetensors"),
        weights=expand(
            "results/training/{experiment}/seed{seed}.safetensors", seed=SEEDS, allow_missing=True
        ),
        chosen=chosen_of,
        source=source_of,
    output:
        records=expand(
            "results/models/trained/{experiment}/seed{seed}/record.json",
            seed=SEEDS,
            allow_missing=True,
        ),
    log:
        "results/logs/save_model/{experiment}.log",
    benchmark:
        "results/benchmarks/save_model/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(SAVED),
    conda:
        "../envs/models.yaml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        seeds=SEEDS,
        task=config["task"],
        settings=lambda wildcards: PREDICTED[wildcards.experiment],
        tuning=tuning_of,
        encoder=encoder_of_experiment,
        snapshot=lambda wildcards, input: input.source.removesuffix(".tsv"),
        recipe=lambda wildcards: configuration.drawn(
            config["recipes"][PREDICTED[wildcards.experiment]["recipe"]]
        ),
        scan=config["scan"],
        unit=config["split"]["unit"],
        warning=caveats.short(config),
        code=code_hash("save_model.py"),
    script:
        "../workflow/scripts/save_model.py"
