"""Split manifests: train, validation, test, balanced, one a seed."""


rule make_manifest:
    """Which subset each labelled image is in for one seed; a patient is in one only."""
    input:
        labelled_images="results/cohort/labelled_images.tsv",
        test_patients="results/splits/test_patients.tsv",
        classes="results/splits/classes.tsv",
    output:
        manifest="results/splits/seed{seed}/manifest.tsv",
    log:
        "results/logs/make_manifest/seed{seed}.log",
    benchmark:
        "results/benchmarks/make_manifest/seed{seed}.tsv"
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        split={
            key: config["split"][key]
            for key in ("validation", "balance", "test_balance", "test_seed")
        },
        code=code_hash("make_manifest.py"),
    script:
        "../workflow/scripts/make_manifest.py"
