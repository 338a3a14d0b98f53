"""Labels from reports beside labels from their translations."""

# How the labels of both languages compare, and what became of each translation.
COMPARED = ["results/labels/languages.tsv", TRANSLATION] if HAS_TRANSLATION else []

if HAS_TRANSLATION:
    OTHER = {"original": "translation", "translation": "original"}[LANGUAGE]

    use rule extract_labels as extract_other_labels with:
        input:
            reports="results/reports/reports.tsv",
            texts=READ[OTHER][0],
            task=TASK,
            lexicon=LEXICON,
            rules=shipped("resources/rules/density.yaml"),
        output:
            labels=extracted_from(OTHER),
            mentions=f"private/labels/{OTHER}_mentions.tsv",
            corrections=f"private/labels/{OTHER}_corrections.tsv",
        log:
            "results/logs/extract_other_labels.log",
        benchmark:
            "results/benchmarks/extract_other_labels.tsv"

    rule compare_languages:
        """How often a report and its translation give different labels."""
        input:
            original=extracted_from("original"),
            translated=extracted_from("translation"),
            translation=TRANSLATION,
        output:
            languages="results/labels/languages.tsv",
        log:
            "results/logs/compare_languages.log",
        benchmark:
            "results/benchmarks/compare_languages.tsv"
        conda:
            "../envs/tables.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=10,
        params:
            code=code_hash("compare_languages.py"),
        script:
            "../workflow/scripts/compare_languages.py"


if LANGUAGE == "translation":

    rule withhold_labels:
        """No label for an exam whose translation does not keep its codes, numbers and sides."""
        input:
            labels=extracted_from("translation"),
            translation=TRANSLATION,
        output:
            labels=EXTRACTED,
        log:
            "results/logs/withhold_labels.log",
        benchmark:
            "results/benchmarks/withhold_labels.tsv"
        conda:
            "../envs/tables.yaml"
        resources:
            mem_mb=memory(1000),
            runtime=10,
        params:
            code=code_hash("withhold_labels.py"),
        script:
            "../workflow/scripts/withhold_labels.py"
