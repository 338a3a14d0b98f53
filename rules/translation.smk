"""Translation of Spanish reports to English, and the model that does it."""

if HAS_TRANSLATION and config["weights"] == "pretrained":

    rule fetch_translator:
        """The translation model from the hub or a local folder; needs the network only for the hub."""
        output:
            files="results/models/translator.tsv",
        log:
            "results/logs/fetch_translator.log",
        benchmark:
            "results/benchmarks/fetch_translator.tsv"
        localrule: True
        conda:
            "../envs/models.yaml"
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            folder=lambda wildcards, output: output.files.removesuffix(".tsv"),
            source=config["translate"]["source"],
            revision=config["translate"]["revision"],
            code=code_hash("fetch_translator.py"),
        script:
            "../workflow/scripts/fetch_translator.py"


if HAS_TRANSLATION and config["weights"] == "random":

    rule make_random_translator:
        """A tiny untrained translation model in exactly the layout of opus-mt-es-en."""
        input:
            sentences=shipped("resources/translation/sentences.txt"),
        output:
            files="results/models/translator.tsv",
        log:
            "results/logs/make_random_translator.log",
        benchmark:
            "results/benchmarks/make_random_translator.tsv"
        localrule: True
        conda:
            "../envs/models.yaml"
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            folder=lambda wildcards, output: output.files.removesuffix(".tsv"),
            code=code_hash("make_random_translator.py"),
        script:
            "../workflow/scripts/make_random_translator.py"


if HAS_TRANSLATION:

    rule translate_reports:
        """Spanish reports in English, and whether codes, numbers and sides survived; the texts stay private."""
        input:
            reports="results/reports/reports.tsv",
            texts=READ["original"][0],
            translator="results/models/translator.tsv",
            lexicon=LEXICON,
        output:
            texts=READ["translation"][0],
            sections=READ["translation"][1],
            translation=TRANSLATION,
        log:
            "results/logs/translate_reports.log",
        benchmark:
            "results/benchmarks/translate_reports.tsv"
        conda:
            "../envs/models.yaml"
        threads: config["compute"]["threads"]
        resources:
            gpu=1,
            mem_mb=memory(8000),
            runtime=480,
        params:
            folder=lambda wildcards, input: input.translator.removesuffix(".tsv"),
            compute=config["compute"],
            work="private/work/translations",
            translator=code_hash("mammoflow/models/translators.py"),
            code=code_hash("translate_reports.py"),
        script:
            "../workflow/scripts/translate_reports.py"
