"""Zero-shot: each image goes to the class whose prompts it is nearest to."""


rule zero_shot:
    """Probabilities from the similarity of image and prompt embeddings; nothing is trained."""
    input:
        manifest="results/splits/seed{seed}/manifest.tsv",
        classes="results/splits/classes.tsv",
        embeddings=embeddings_of,
        prompts=of_experiment("results/prompts/{encoder}/{prompts}.safetensors"),
    output:
        predictions="results/predictions/{experiment}/seed{seed}.tsv",
    log:
        "results/logs/zero_shot/{experiment}/seed{seed}.log",
    benchmark:
        "results/benchmarks/zero_shot/{experiment}/seed{seed}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("zero_shot")),
    conda:
        "../envs/models.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        views=views_of_experiment,
        code=code_hash("zero_shot.py"),
    script:
        "../workflow/scripts/zero_shot.py"
