"""Intensity matching: what every picture's intensities are brought to."""


rule fit_matching:
    """Lookup tables of a recipe, fitted on development patients only."""
    input:
        images="results/images/images.tsv",
        labelled_images="results/cohort/labelled_images.tsv",
        test_patients="results/splits/test_patients.tsv",
    output:
        matching="results/matching/{recipe}/tables.tsv",
        tables="results/matching/{recipe}/tables.safetensors",
    log:
        "results/logs/fit_matching/{recipe}.log",
    benchmark:
        "results/benchmarks/fit_matching/{recipe}.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        matching=lambda wildcards: config["recipes"][wildcards.recipe]["matching"],
        work="results/work/pictures",
        code=code_hash("fit_matching.py"),
    script:
        "../workflow/scripts/fit_matching.py"
