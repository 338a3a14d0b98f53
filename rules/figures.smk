"""Figures and tables for people, each figure as PNG and PDF."""

TRAINED = shown_of("linear_probe", "fine_tune")
NOT_CONSTANT = [
    name for name, own in EXPERIMENTS.items() if own["method"] not in ("majority", "random")
]

# What every page is put together from, beside its own template.
PAGE_PARTS = [
    shipped(f"resources/report/{name}") for name in ("parts.html.j2", "style.css", "sort.js")
]


rule plot_cohort:
    """The path of the data with its counts, and the classes in every subset."""
    input:
        images="results/images/images.tsv",
        exams="results/cohort/exams.tsv",
        manifest=f"results/splits/seed{SEEDS[0]}/manifest.tsv",
        classes="results/splits/classes.tsv",
        task=TASK,
    output:
        flow=report(
            "results/figures/cohort.png",
            caption="../workflow/report/cohort.rst",
            category="Cohort",
            labels={"figure": "path of the data"},
        ),
        flow_pdf="results/figures/cohort.pdf",
        classes=report(
            "results/figures/classes.png",
            caption="../workflow/report/classes.rst",
            category="Cohort",
            labels={"figure": "classes by subset"},
        ),
        classes_pdf="results/figures/classes.pdf",
    log:
        "results/logs/plot_cohort.log",
    benchmark:
        "results/benchmarks/plot_cohort.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seed=SEEDS[0],
        warning=caveats.short(config),
        code=code_hash("plot_cohort.py"),
    script:
        "../workflow/scripts/plot_cohort.py"


rule plot_matching:
    """Pictures before and after the matching of a recipe, and their intensity distributions."""
    input:
        images="results/images/images.tsv",
        labelled_images="results/cohort/labelled_images.tsv",
        test_patients="results/splits/test_patients.tsv",
        pngs=expand("results/png/{{recipe}}/{shard}.tsv", shard=SHARDS),
        task=TASK,
    output:
        figure=report(
            "results/figures/matching/{recipe}.png",
            caption="../workflow/report/matching.rst",
            category="Images",
            labels={"figure": "before and after matching", "recipe": "{recipe}"},
        ),
        pdf="results/figures/matching/{recipe}.pdf",
    log:
        "results/logs/plot_matching/{recipe}.log",
    benchmark:
        "results/benchmarks/plot_matching/{recipe}.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        work="results/work/pictures",
        recipe=lambda wildcards: configuration.drawn(config["recipes"][wildcards.recipe]),
        warning=caveats.short(config),
        code=code_hash("plot_matching.py"),
    script:
        "../workflow/scripts/plot_matching.py"


rule plot_confusion:
    """Confusion matrix of every experiment on the test images, counts and row shares, summed over seeds."""
    input:
        predictions=[path for name in NOT_CONSTANT for path in predictions_of(name)],
        task=TASK,
    output:
        # A figure each by a name of its own, because each has its label in the report.
        **{
            f"figure_{name}": report(
                f"results/figures/confusion/{name}.png",
                caption="../workflow/report/confusion.rst",
                category="Results",
                labels={"figure": "confusion matrix", "experiment": name},
            )
            for name in NOT_CONSTANT
        },
        pdfs=expand("results/figures/confusion/{experiment}.pdf", experiment=NOT_CONSTANT),
    log:
        "results/logs/plot_confusion.log",
    benchmark:
        "results/benchmarks/plot_confusion.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        experiments=NOT_CONSTANT,
        seeds=SEEDS,
        warning=caveats.short(config),
        code=code_hash("plot_confusion.py"),
    script:
        "../workflow/scripts/plot_confusion.py"


rule plot_training:
    """Learning curves of an experiment, one line a seed."""
    input:
        curves=expand("results/training/{{experiment}}/seed{seed}.tsv", seed=SEEDS),
    output:
        figure=report(
            "results/figures/training/{experiment}.png",
            caption="../workflow/report/training.rst",
            category="Training",
            labels={"figure": "learning curves", "experiment": "{experiment}"},
        ),
        pdf="results/figures/training/{experiment}.pdf",
    log:
        "results/logs/plot_training/{experiment}.log",
    benchmark:
        "results/benchmarks/plot_training/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(TRAINED),
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seeds=SEEDS,
        warning=caveats.short(config),
        code=code_hash("plot_training.py"),
    script:
        "../workflow/scripts/plot_training.py"


rule plot_experiments:
    """All experiments with their intervals, beside the published values."""
    input:
        metrics=expand("results/metrics/{experiment}.tsv", experiment=EXPERIMENTS),
        published=PUBLISHED,
        task=TASK,
    output:
        figure=report(
            "results/figures/experiments.png",
            caption="../workflow/report/experiments.rst",
            category="Results",
            labels={"figure": "all experiments"},
        ),
        pdf="results/figures/experiments.pdf",
    log:
        "results/logs/plot_experiments.log",
    benchmark:
        "results/benchmarks/plot_experiments.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        experiments=EXPERIMENTS,
        warning=caveats.short(config),
        code=code_hash("plot_experiments.py"),
    script:
        "../workflow/scripts/plot_experiments.py"


rule make_table1:
    """Table I of the paper: this run's numbers beside the published ones and the trivial baselines."""
    input:
        template=shipped("resources/report/table1.html.j2"),
        parts=PAGE_PARTS,
        metrics=expand("results/metrics/{experiment}.tsv", experiment=EXPERIMENTS),
        published=PUBLISHED,
        task=TASK,
    output:
        table="results/tables/table1.tsv",
        page=report(
            "results/tables/table1.html",
            caption="../workflow/report/table1.rst",
            category="Results",
            labels={"figure": "Table I"},
        ),
    log:
        "results/logs/make_table1.log",
    benchmark:
        "results/benchmarks/make_table1.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        experiments=EXPERIMENTS,
        warning=caveats.short(config),
        code=code_hash("make_table1.py"),
    script:
        "../workflow/scripts/make_table1.py"
