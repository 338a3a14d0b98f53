"""Zero-shot: each image goes to the class whose sentences it is nearest to; nothing is trained."""


rule zero_shot:
    """Probabilities from the cosines of images and sentences, and what was found of each descriptor."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
        exams="results/cohort/exams.tsv",
        embeddings=embeddings_of,
        prompts=of_experiment("results/prompts/{encoder}/{prompts}.tsv"),
        vectors=of_experiment("results/prompts/{encoder}/{prompts}.safetensors"),
    output:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv", seed=SEEDS, allow_missing=True
        ),
        explanations="results/explanations/{experiment}.tsv",
    log:
        "results/logs/zero_shot/{experiment}.log",
    benchmark:
        "results/benchmarks/zero_shot/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("zero_shot")),
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=memory(4000, times=30),
        runtime=30,
    params:
        views=views_of_experiment,
        compute=config["compute"],
        code=code_hash("zero_shot.py"),
    script:
        "../workflow/scripts/zero_shot.py"


rule identify_domain:
    """What an encoder takes the development images for: which view, which modality."""
    input:
        # Who is in development is the same for every seed.
        manifest=f"results/splits/seed{SEEDS[0]}/manifest.tsv",
        embeddings=expand("results/embeddings/{{encoder}}/{{recipe}}/{shard}.tsv", shard=SHARDS),
        questions=shipped("resources/prompts/domain.yaml"),
        schema=shipped("workflow/schemas/prompts.schema.yaml"),
        prompts="results/prompts/{encoder}/domain.tsv",
        vectors="results/prompts/{encoder}/domain.safetensors",
    output:
        domain="results/domain/{encoder}/{recipe}.tsv",
    log:
        "results/logs/identify_domain/{encoder}/{recipe}.log",
    benchmark:
        "results/benchmarks/identify_domain/{encoder}/{recipe}.tsv"
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=memory(4000, times=30),
        runtime=30,
    params:
        compute=config["compute"],
        code=code_hash("identify_domain.py"),
    script:
        "../workflow/scripts/identify_domain.py"
