"""Merged predictions: several experiments taken together, such as one model for each view, or an ensemble."""


rule merge_predictions:
    """An image gets the mean of the probabilities of those members that predict it; nothing is trained."""
    input:
        predictions=lambda wildcards: expand(
            "results/predictions/{member}/seed{seed}.tsv",
            member=taken_by(wildcards),
            seed=wildcards.seed,
        ),
    output:
        predictions="results/predictions/{experiment}/seed{seed}.tsv",
    log:
        "results/logs/merge_predictions/{experiment}/seed{seed}.log",
    benchmark:
        "results/benchmarks/merge_predictions/{experiment}/seed{seed}.tsv"
    wildcard_constraints:
        experiment=only(experiments_of("merge")),
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=10,
    params:
        members=taken_by,
        code=code_hash("merge_predictions.py"),
    script:
        "../workflow/scripts/merge_predictions.py"
