"""Figures and tables for people, each figure as PNG, PDF and SVG."""

TRAINED = shown_of("linear_probe", "fine_tune")
NOT_CONSTANT = [
    name for name, own in EXPERIMENTS.items() if own["method"] not in ("majority", "random")
]

# What every page is put together from, beside its own template.
PAGE_PARTS = [
    shipped(f"resources/report/{name}") for name in ("parts.html.j2", "style.css", "sort.js")
]
# What pages that show reports are put together from, and what heads those that may not leave private/.
EVIDENCE_PARTS = [*PAGE_PARTS, shipped("resources/report/evidence.html.j2")]
PRIVATE_CAVEATS = [
    "This page holds words of patients' reports. Do not copy it out of private/.",
    *caveats.of_labels(config),
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
        flow_svg="results/figures/cohort.svg",
        classes=report(
            "results/figures/classes.png",
            caption="../workflow/report/classes.rst",
            category="Cohort",
            labels={"figure": "classes by subset"},
        ),
        classes_pdf="results/figures/classes.pdf",
        classes_svg="results/figures/classes.svg",
    log:
        "results/logs/plot_cohort.log",
    benchmark:
        "results/benchmarks/plot_cohort.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        seed=SEEDS[0],
        warning=caveats.short(config),
        code=code_hash("plot_cohort.py"),
    script:
        "../workflow/scripts/plot_cohort.py"


rule plot_matching:
    """Pictures before and after the matching of every recipe, and their intensity distributions."""
    input:
        images="results/images/images.tsv",
        labelled_images="results/cohort/labelled_images.tsv",
        test_patients="results/splits/test_patients.tsv",
        pngs=expand("results/png/{recipe}/{shard}.tsv", recipe=recipes_in_use(), shard=SHARDS),
        task=TASK,
    output:
        **{
            f"figure_{recipe}": report(
                f"results/figures/matching/{recipe}.png",
                caption="../workflow/report/matching.rst",
                category="Images",
                labels={"figure": "before and after matching", "recipe": recipe},
            )
            for recipe in recipes_in_use()
        },
        pdfs=expand("results/figures/matching/{recipe}.pdf", recipe=recipes_in_use()),
        svgs=expand("results/figures/matching/{recipe}.svg", recipe=recipes_in_use()),
    log:
        "results/logs/plot_matching.log",
    benchmark:
        "results/benchmarks/plot_matching.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=30,
    params:
        work="results/work/pictures",
        recipes={
            recipe: configuration.drawn(config["recipes"][recipe]) for recipe in recipes_in_use()
        },
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
        svgs=expand("results/figures/confusion/{experiment}.svg", experiment=NOT_CONSTANT),
    log:
        "results/logs/plot_confusion.log",
    benchmark:
        "results/benchmarks/plot_confusion.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        experiments=NOT_CONSTANT,
        seeds=SEEDS,
        warning=caveats.short(config),
        code=code_hash("plot_confusion.py"),
    script:
        "../workflow/scripts/plot_confusion.py"


rule plot_training:
    """Learning curves of every experiment that has them, one line a seed."""
    input:
        curves=expand(
            "results/training/{experiment}/seed{seed}.tsv", experiment=TRAINED, seed=SEEDS
        ),
    output:
        **{
            f"figure_{name}": report(
                f"results/figures/training/{name}.png",
                caption="../workflow/report/training.rst",
                category="Training",
                labels={"figure": "learning curves", "experiment": name},
            )
            for name in TRAINED
        },
        pdfs=expand("results/figures/training/{experiment}.pdf", experiment=TRAINED),
        svgs=expand("results/figures/training/{experiment}.svg", experiment=TRAINED),
    log:
        "results/logs/plot_training.log",
    benchmark:
        "results/benchmarks/plot_training.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        experiments=TRAINED,
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
        # Of other systems and of people.
        others=AGREEMENT,
        schema=PUBLISHED_SCHEMA,
        task=TASK,
    output:
        figure=report(
            "results/figures/experiments.png",
            caption="../workflow/report/experiments.rst",
            category="Results",
            labels={"figure": "all experiments"},
        ),
        pdf="results/figures/experiments.pdf",
        svg="results/figures/experiments.svg",
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


rule make_tables:
    """Table I of the paper, beside published values and trivial baselines; and every measure of every experiment."""
    input:
        template=shipped("resources/report/tables.html.j2"),
        parts=PAGE_PARTS,
        metrics=expand("results/metrics/{experiment}.tsv", experiment=EXPERIMENTS),
        published=PUBLISHED,
        task=TASK,
    output:
        table1="results/tables/table1.tsv",
        table1_page=report(
            "results/tables/table1.html",
            caption="../workflow/report/table1.rst",
            category="Results",
            labels={"figure": "Table I"},
        ),
        table1_latex="results/tables/table1.tex",
        metrics="results/tables/metrics.tsv",
        metrics_page=report(
            "results/tables/metrics.html",
            caption="../workflow/report/metrics.rst",
            category="Results",
            labels={"figure": "all measures"},
        ),
        metrics_latex="results/tables/metrics.tex",
    log:
        "results/logs/make_tables.log",
    benchmark:
        "results/benchmarks/make_tables.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        experiments=EXPERIMENTS,
        warning=caveats.short(config),
        code=code_hash("make_tables.py"),
    script:
        "../workflow/scripts/make_tables.py"
