"""Result figures: how each experiment did, drawn from predictions; and the paper's own figures under their names."""

# Experiments whose pictures there are: those that are made of others see what these see.
PICTURED = [name for name in NOT_CONSTANT if recipe_of(name)]
# Encoders and recipes in `run`, each with the vectors that an experiment uses.
MAPPED = {
    (own["encoder"], own["recipe"]): configuration.features_of(config, name)
    for name, own in EXPERIMENTS.items()
    if "encoder" in own
}
# What the paper calls its figures; those that `run` has nothing for are left out.
PAPER = {"figure1": "results/figures/cohort", "figure2": "results/figures/outline"}
PAPER |= {"figure3": f"results/figures/confusion/{name}" for name in shown_of("linear_probe")[:1]}
PAPER |= {"figure4": f"results/figures/confusion/{name}" for name in shown_of("fine_tune")[:1]}


rule plot_outline:
    """The outline of the method, read from the rules that this configuration uses."""
    input:
        snakefile=shipped("Snakefile"),
        stages=[shipped(f"rules/{file.name}") for file in sorted((ROOT / "rules").glob("*.smk"))],
    output:
        figure=report(
            "results/figures/outline.png",
            caption="../workflow/report/outline.rst",
            category="Cohort",
            labels={"figure": "outline of the method"},
        ),
        pdf="results/figures/outline.pdf",
        svg="results/figures/outline.svg",
    log:
        "results/logs/plot_outline.log",
    benchmark:
        "results/benchmarks/plot_outline.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        rules=lambda wildcards: rules_in_use(),
        warning=caveats.short(config),
        code=code_hash("plot_outline.py"),
    script:
        "../workflow/scripts/plot_outline.py"


rule plot_curves:
    """ROC curves and reliability diagrams of every experiment, first seed."""
    input:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv",
            experiment=NOT_CONSTANT,
            seed=SEEDS[0],
        ),
    output:
        roc=report(
            "results/figures/roc.png",
            caption="../workflow/report/roc.rst",
            category="Results",
            labels={"figure": "ROC curves"},
        ),
        reliability=report(
            "results/figures/reliability.png",
            caption="../workflow/report/reliability.rst",
            category="Results",
            labels={"figure": "reliability"},
        ),
        pdfs=expand("results/figures/{figure}.pdf", figure=["roc", "reliability"]),
        svgs=expand("results/figures/{figure}.svg", figure=["roc", "reliability"]),
    log:
        "results/logs/plot_curves.log",
    benchmark:
        "results/benchmarks/plot_curves.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        experiments=NOT_CONSTANT,
        seed=SEEDS[0],
        aggregation=config["evaluation"]["aggregation"],
        warning=caveats.short(config),
        code=code_hash("plot_curves.py"),
    script:
        "../workflow/scripts/plot_curves.py"


rule plot_mistakes:
    """Confident mistakes of every experiment, first seed; in private/ with the sentences behind their labels."""
    input:
        predictions=expand(
            "results/predictions/{experiment}/seed{seed}.tsv", experiment=PICTURED, seed=SEEDS[0]
        ),
        pngs=expand(
            "results/png/{recipe}/{shard}.tsv",
            recipe=dict.fromkeys(map(recipe_of, PICTURED)),
            shard=SHARDS,
        ),
        template=shipped("resources/report/mistakes.html.j2"),
        parts=EVIDENCE_PARTS,
        labels="results/labels/labels.tsv",
        found=FOUND if HAS_REPORTS else [],
    output:
        **{
            f"figure_{name}": report(
                f"results/figures/mistakes/{name}.png",
                caption="../workflow/report/mistakes.rst",
                category="Results",
                labels={"figure": "confident mistakes", "experiment": name},
            )
            for name in PICTURED
        },
        pdfs=expand("results/figures/mistakes/{experiment}.pdf", experiment=PICTURED),
        svgs=expand("results/figures/mistakes/{experiment}.svg", experiment=PICTURED),
        page="private/mistakes.html" if HAS_REPORTS and PICTURED else [],
    log:
        "results/logs/plot_mistakes.log",
    benchmark:
        "results/benchmarks/plot_mistakes.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        recipes={name: recipe_of(name) for name in PICTURED},
        shards=len(SHARDS),
        seed=SEEDS[0],
        caveats=PRIVATE_CAVEATS,
        warning=caveats.short(config),
        code=code_hash("plot_mistakes.py"),
    script:
        "../workflow/scripts/plot_mistakes.py"


rule plot_embeddings:
    """Maps of the embeddings of every encoder and recipe, by class and by device."""
    input:
        embeddings=[
            f"results/embeddings/{encoder}/{recipe}/{shard}.tsv"
            for encoder, recipe in MAPPED
            for shard in SHARDS
        ],
        labelled_images="results/cohort/labelled_images.tsv",
        test_patients="results/splits/test_patients.tsv",
        task=TASK,
    output:
        **{
            f"figure_{encoder}_{recipe}": report(
                f"results/figures/embeddings/{encoder}/{recipe}.png",
                caption="../workflow/report/embeddings.rst",
                category="Images",
                labels={"figure": "map of the embeddings", "encoder": encoder, "recipe": recipe},
            )
            for encoder, recipe in MAPPED
        },
        pdfs=[f"results/figures/embeddings/{encoder}/{recipe}.pdf" for encoder, recipe in MAPPED],
        svgs=[f"results/figures/embeddings/{encoder}/{recipe}.svg" for encoder, recipe in MAPPED],
    log:
        "results/logs/plot_embeddings.log",
    benchmark:
        "results/benchmarks/plot_embeddings.tsv"
    conda:
        "../envs/figures.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=memory(4000, times=30),
        runtime=10,
    params:
        mapped=[(*about, features) for about, features in MAPPED.items()],
        warning=caveats.short(config),
        code=code_hash("plot_embeddings.py"),
    script:
        "../workflow/scripts/plot_embeddings.py"


rule plot_subgroups:
    """Measures of every experiment by device, view, side and the like, first seed."""
    input:
        subgroups=expand("results/metrics/subgroups/{experiment}.tsv", experiment=NOT_CONSTANT),
        metrics=expand("results/metrics/{experiment}.tsv", experiment=NOT_CONSTANT),
    output:
        **{
            f"figure_{name}": report(
                f"results/figures/subgroups/{name}.png",
                caption="../workflow/report/subgroups.rst",
                category="Results",
                labels={"figure": "subgroups", "experiment": name},
            )
            for name in NOT_CONSTANT
        },
        pdfs=expand("results/figures/subgroups/{experiment}.pdf", experiment=NOT_CONSTANT),
        svgs=expand("results/figures/subgroups/{experiment}.svg", experiment=NOT_CONSTANT),
    log:
        "results/logs/plot_subgroups.log",
    benchmark:
        "results/benchmarks/plot_subgroups.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        experiments=NOT_CONSTANT,
        seed=SEEDS[0],
        warning=caveats.short(config),
        code=code_hash("plot_subgroups.py"),
    script:
        "../workflow/scripts/plot_subgroups.py"


rule paper_figures:
    """Table I and the figures of the paper, under the names that they have there."""
    input:
        figures=expand("{figure}.{ending}", figure=PAPER.values(), ending=["png", "pdf", "svg"]),
        tables=expand("results/tables/table1.{ending}", ending=["tsv", "html", "tex"]),
    output:
        figures=expand(
            "results/paper/{figure}.{ending}", figure=PAPER, ending=["png", "pdf", "svg"]
        ),
        tables=expand("results/paper/table1.{ending}", ending=["tsv", "html", "tex"]),
    log:
        "results/logs/paper_figures.log",
    benchmark:
        "results/benchmarks/paper_figures.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_hash("paper_figures.py"),
    script:
        "../workflow/scripts/paper_figures.py"
