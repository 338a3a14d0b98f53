"""Split manifests: train, validation, test, balanced, one a seed."""


rule make_manifests:
    """Which subset each labelled image is in, for every seed; what the split never divides is in one only."""
    input:
        labelled_images="results/cohort/labelled_images.tsv",
        test_patients="results/splits/test_patients.tsv",
        classes="results/splits/classes.tsv",
    output:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
    log:
        "results/logs/make_manifests.log",
    benchmark:
        "results/benchmarks/make_manifests.tsv"
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        seeds=SEEDS,
        split={
            key: config["split"][key]
            for key in ("validation", "balance", "test_balance", "test_seed")
        },
        code=code_hash("make_manifests.py"),
    script:
        "../workflow/scripts/make_manifests.py"


rule count_siblings:
    """Test images with another image of the same person in training, had the split divided by each unit."""
    input:
        labelled_images="results/cohort/labelled_images.tsv",
        classes="results/splits/classes.tsv",
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
    output:
        siblings="results/splits/siblings.tsv",
    log:
        "results/logs/count_siblings.log",
    benchmark:
        "results/benchmarks/count_siblings.tsv"
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=30,
    params:
        seeds=SEEDS,
        split={
            key: config["split"][key]
            for key in ("unit", "test", "test_seed", "validation", "balance", "test_balance")
        },
        code=code_hash("count_siblings.py"),
    script:
        "../workflow/scripts/count_siblings.py"
