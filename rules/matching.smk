"""Intensity matching: what every picture's intensities are brought to."""

if EXTERNAL:

    rule adopt_matching:
        """The lookup tables that a saved model was trained with."""
        input:
            matching=f"{EXTERNAL['model']}/tables.tsv",
            tables=f"{EXTERNAL['model']}/tables.safetensors",
            images="results/images/images.tsv",
        output:
            matching="results/matching/{recipe}/tables.tsv",
            tables="results/matching/{recipe}/tables.safetensors",
        log:
            "results/logs/adopt_matching/{recipe}.log",
        benchmark:
            "results/benchmarks/adopt_matching/{recipe}.tsv"
        conda:
            "../envs/images.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=10,
        params:
            recipe=lambda wildcards: configuration.drawn(config["recipes"][wildcards.recipe]),
            code=code_hash("adopt_matching.py"),
        script:
            "../workflow/scripts/adopt_matching.py"

else:

    rule fit_matching:
        """Lookup tables of a recipe, fitted on development patients only, and the class mix of their devices."""
        input:
            images="results/images/images.tsv",
            labelled_images="results/cohort/labelled_images.tsv",
            test_patients="results/splits/test_patients.tsv",
            classes="results/splits/classes.tsv",
            frozen=frozen_tables,
        output:
            matching="results/matching/{recipe}/tables.tsv",
            tables="results/matching/{recipe}/tables.safetensors",
            devices="results/matching/{recipe}/devices.tsv",
        log:
            "results/logs/fit_matching/{recipe}.log",
        benchmark:
            "results/benchmarks/fit_matching/{recipe}.tsv"
        conda:
            "../envs/images.yaml"
        resources:
            mem_mb=memory(2000),
            runtime=minutes(60),
        params:
            recipe=lambda wildcards: configuration.fitted(config["recipes"][wildcards.recipe]),
            work="results/work/pictures",
            code=code_hash("fit_matching.py"),
        script:
            "../workflow/scripts/fit_matching.py"
