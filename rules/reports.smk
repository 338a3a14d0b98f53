"""Report parsing: each report read, in whatever form it is, and cut into sections."""


rule parse_reports:
    """Which reports there are and what could be read; their texts and sections stay private."""
    input:
        key=ID_KEY,
        files=list_input("reports"),
        lexicon=LEXICON,
    output:
        reports="results/reports/reports.tsv",
        texts="private/reports/texts.tsv",
        sections="private/reports/sections.tsv",
    log:
        "results/logs/parse_reports.log",
    benchmark:
        "results/benchmarks/parse_reports.tsv"
    conda:
        "../envs/tables.yaml"
    resources:
        # 16 kB a report, of which a million images have 250,000; the reports themselves are no input.
        mem_mb=6000,
        runtime=30,
    params:
        files=lambda wildcards: list_path("reports"),
        dataset=described(),
        ids=config["privacy"]["ids"],
        digest=lambda wildcards: digest("reports"),
        code=code_hash("parse_reports.py"),
    script:
        "../workflow/scripts/parse_reports.py"
