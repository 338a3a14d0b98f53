"""Model snapshots: pretrained ones fetched, or tiny untrained ones of the same layout made here."""

if config["weights"] == "pretrained":

    rule fetch_encoder:
        """An encoder from the hub or a local folder; needs the network only for the hub."""
        output:
            files="results/models/encoders/{encoder}.tsv",
        log:
            "results/logs/fetch_encoder/{encoder}.log",
        benchmark:
            "results/benchmarks/fetch_encoder/{encoder}.tsv"
        localrule: True
        conda:
            "../envs/models.yaml"
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            folder="results/models/encoders/{encoder}",
            source=lambda wildcards: config["encoders"][wildcards.encoder]["source"],
            revision=lambda wildcards: config["encoders"][wildcards.encoder]["revision"],
            text_revision=lambda wildcards: config["encoders"][wildcards.encoder].get(
                "text_revision", "main"
            ),
            kind=lambda wildcards: encoder_settings(wildcards)["kind"],
            code=code_hash("fetch_encoder.py"),
        script:
            "../workflow/scripts/fetch_encoder.py"

    rule fetch_network:
        """A timm network's weights from the hub, or from a file of the user's."""
        output:
            files="results/models/networks/{model}.tsv",
        log:
            "results/logs/fetch_network/{model}.log",
        benchmark:
            "results/benchmarks/fetch_network/{model}.tsv"
        localrule: True
        conda:
            "../envs/models.yaml"
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            folder="results/models/networks/{model}",
            own_weights=own_weights,
            code=code_hash("fetch_network.py"),
        script:
            "../workflow/scripts/fetch_network.py"

else:

    rule make_random_encoder:
        """A tiny untrained encoder in exactly the layout of BiomedCLIP's snapshot, or of timm's networks."""
        input:
            vocabulary=shipped("resources/prompts/vocabulary.txt"),
        output:
            files="results/models/encoders/{encoder}.tsv",
        log:
            "results/logs/make_random_encoder/{encoder}.log",
        benchmark:
            "results/benchmarks/make_random_encoder/{encoder}.tsv"
        localrule: True
        conda:
            "../envs/models.yaml"
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            folder="results/models/encoders/{encoder}",
            kind=lambda wildcards: encoder_settings(wildcards)["kind"],
            code=code_hash("make_random_encoder.py"),
        script:
            "../workflow/scripts/make_random_encoder.py"

    rule make_random_network:
        """A tiny untrained network in the layout that timm loads, in place of the model named."""
        output:
            files="results/models/networks/{model}.tsv",
        log:
            "results/logs/make_random_network/{model}.log",
        benchmark:
            "results/benchmarks/make_random_network/{model}.tsv"
        localrule: True
        conda:
            "../envs/models.yaml"
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            folder="results/models/networks/{model}",
            code=code_hash("make_random_network.py"),
        script:
            "../workflow/scripts/make_random_network.py"
