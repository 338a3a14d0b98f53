"""Few-shot curves: how well an experiment does when it is trained on few images a class."""

FEW_SHOT_TUNED = [name for name in FEW_SHOT if EXPERIMENTS[name]["method"] == "fine_tune"]


rule learn_few_shots:
    """The probe trained on nested draws of the training images; probabilities for every labelled image."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
        embeddings=embeddings_of,
        predictions=lambda wildcards: predictions_of(wildcards.experiment),
    output:
        predictions=expand(
            "results/shots/{experiment}/k{shots}/seed{seed}.tsv",
            seed=SEEDS,
            shots=SHOTS,
            allow_missing=True,
        ),
    log:
        "results/logs/learn_few_shots/{experiment}.log",
    benchmark:
        "results/benchmarks/learn_few_shots/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(name for name in FEW_SHOT if name not in FEW_SHOT_TUNED),
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=memory(4000, times=30),
        runtime=minutes(120),
    params:
        seeds=SEEDS,
        shots=SHOTS,
        method=of_experiment("{method}"),
        settings=probe_settings,
        features=features_of,
        views=views_of_experiment,
        weighted=config["split"]["balance"] == "weighted",
        compute=config["compute"],
        work="results/work/probes",
        training=code_hash("mammoflow/models/probes.py"),
        code=code_hash("learn_few_shots.py"),
    script:
        "../workflow/scripts/learn_few_shots.py"


rule fine_tune_few_shots:
    """The network fine-tuned on the same draws, each from its checkpoint; probabilities for every labelled image."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
        squares=squares_of,
        network=network_files_of,
        predictions=lambda wildcards: predictions_of(wildcards.experiment),
    output:
        predictions=expand(
            "results/shots/{experiment}/k{shots}/seed{seed}.tsv",
            seed=SEEDS,
            shots=SHOTS,
            allow_missing=True,
        ),
    log:
        "results/logs/fine_tune_few_shots/{experiment}.log",
    benchmark:
        "results/benchmarks/fine_tune_few_shots/{experiment}.tsv"
    wildcard_constraints:
        experiment=only(FEW_SHOT_TUNED),
    conda:
        "../envs/models.yaml"
    threads: config["compute"]["threads"]
    resources:
        gpu=1,
        mem_mb=memory(16000),
        runtime=1440,
    params:
        seeds=SEEDS,
        shots=SHOTS,
        folder=network_of,
        tuning=tuning_of,
        views=views_of_experiment,
        weighted=config["split"]["balance"] == "weighted",
        threads=config["compute"]["threads"],
        checkpoint_minutes=config["fine_tuning"]["checkpoint_minutes"],
        work="results/work/fine_tuning",
        training=code_hash("mammoflow/models/finetuning.py"),
        code=code_hash("fine_tune_few_shots.py"),
    script:
        "../workflow/scripts/fine_tune_few_shots.py"


rule evaluate_shots:
    """Measures with intervals of experiments trained on few images, on the test images."""
    input:
        manifests=expand("results/splits/seed{seed}/manifest.tsv", seed=SEEDS),
        classes="results/splits/classes.tsv",
        predictions=expand(
            "results/shots/{experiment}/k{shots}/seed{seed}.tsv",
            experiment=FEW_SHOT,
            seed=SEEDS,
            shots=SHOTS,
        ),
        groups="results/cohort/groups.tsv",
    output:
        metrics=expand("results/metrics/shots/{experiment}.tsv", experiment=FEW_SHOT),
    log:
        "results/logs/evaluate_shots.log",
    benchmark:
        "results/benchmarks/evaluate_shots.tsv"
    conda:
        "../envs/tables.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        seeds=SEEDS,
        shots=SHOTS,
        views={name: VIEWS[name] for name in FEW_SHOT},
        evaluation=config["evaluation"],
        code=code_hash("evaluate_shots.py"),
    script:
        "../workflow/scripts/evaluate_shots.py"


rule plot_few_shot:
    """Measures over the number of training images a class, beside those of zero-shot."""
    input:
        shots=expand("results/metrics/shots/{experiment}.tsv", experiment=FEW_SHOT),
        metrics=expand("results/metrics/{experiment}.tsv", experiment=shown_of("zero_shot")),
        classes="results/splits/classes.tsv",
    output:
        figure=report(
            "results/figures/few_shot.png",
            caption="../workflow/report/few_shot.rst",
            category="Training",
            labels={"figure": "few images a class"},
        ),
        pdf="results/figures/few_shot.pdf",
        svg="results/figures/few_shot.svg",
    log:
        "results/logs/plot_few_shot.log",
    benchmark:
        "results/benchmarks/plot_few_shot.tsv"
    conda:
        "../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        experiments=FEW_SHOT,
        zero_shot=shown_of("zero_shot"),
        warning=caveats.short(config),
        code=code_hash("plot_few_shot.py"),
    script:
        "../workflow/scripts/plot_few_shot.py"
