"""Explanations: where in test images the score of a fine-tuned network is sensitive."""

EXPLAINED = shown_of("fine_tune")


rule explain_networks:
    """Grad-CAM of test images that every fine-tuned network gets right and wrong, of the first seed."""
    input:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv",
            experiment=EXPLAINED,
            seed=SEEDS[0],
        ),
        squares=each(squares_of, EXPLAINED),
        records=expand(
            "results/models/trained/{experiment}/seed{seed}/record.json",
            experiment=EXPLAINED,
            seed=SEEDS[0],
        ),
        task=TASK,
    output:
        # A figure each by a name of its own, because each has its label in the report.
        **{
            f"figure_{name}": report(
                f"results/figures/explanations/{name}.png",
                caption="../workflow/report/explanations.rst",
                category="Explanations",
                labels={"figure": "Grad-CAM", "experiment": name},
            )
            for name in EXPLAINED
        },
        pdfs=expand("results/figures/explanations/{experiment}.pdf", experiment=EXPLAINED),
        svgs=expand("results/figures/explanations/{experiment}.svg", experiment=EXPLAINED),
    log:
        "results/logs/explain_networks.log",
    benchmark:
        "results/benchmarks/explain_networks.tsv"
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=memory(8000),
        runtime=60,
    params:
        experiments=EXPLAINED,
        seed=SEEDS[0],
        threads=config["compute"]["threads"],
        warning=caveats.short(config),
        code=code_hash("explain_networks.py"),
    script:
        "../workflow/scripts/explain_networks.py"
