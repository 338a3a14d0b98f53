"""What matching does to intensities: the numbers behind the quality pictures of the report."""


rule measure_quality:
    """Shares of bright tissue before and after a recipe's matching, and how well intensities tell device and class."""
    input:
        images="results/images/images.tsv",
        labelled_images="results/cohort/labelled_images.tsv",
        test_patients="results/splits/test_patients.tsv",
        classes="results/splits/classes.tsv",
        pngs=expand("results/png/{{recipe}}/{shard}.tsv", shard=SHARDS),
    output:
        bright_tissue="results/quality/{recipe}/bright_tissue.tsv",
        measures="results/quality/{recipe}/measures.tsv",
    log:
        "results/logs/measure_quality/{recipe}.log",
    benchmark:
        "results/benchmarks/measure_quality/{recipe}.tsv"
    conda:
        "../envs/images.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        recipe=lambda wildcards: configuration.drawn(config["recipes"][wildcards.recipe]),
        resamples=config["evaluation"]["resamples"],
        compute=config["compute"],
        work="results/work/pictures",
        code=code_hash("measure_quality.py"),
    script:
        "../workflow/scripts/measure_quality.py"


rule plot_bright_tissue:
    """The share of bright tissue by class, before and after every recipe's matching: what of the classes it keeps."""
    input:
        bright_tissue=expand("results/quality/{recipe}/bright_tissue.tsv", recipe=recipes_in_use()),
        measures=expand("results/quality/{recipe}/measures.tsv", recipe=recipes_in_use()),
        task=TASK,
    output:
        # A figure each by a name of its own, because each has its label in the report.
        **{
            f"figure_{recipe}": report(
                f"results/figures/bright_tissue/{recipe}.png",
                caption="../workflow/report/bright_tissue.rst",
                category="Images",
                labels={"figure": "bright tissue by class", "recipe": recipe},
            )
            for recipe in recipes_in_use()
        },
        pdfs=expand("results/figures/bright_tissue/{recipe}.pdf", recipe=recipes_in_use()),
        svgs=expand("results/figures/bright_tissue/{recipe}.svg", recipe=recipes_in_use()),
    log:
        "results/logs/plot_bright_tissue.log",
    benchmark:
        "results/benchmarks/plot_bright_tissue.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        matching={recipe: config["recipes"][recipe]["matching"] for recipe in recipes_in_use()},
        warning=caveats.short(config),
        code=code_hash("plot_bright_tissue.py"),
    script:
        "../workflow/scripts/plot_bright_tissue.py"
