# Metrics of cells -> tables, claims, figures, and the web page; and the plan, which comes before all.


rule cells:
    input:
        metrics=cell_files("metrics.json"),
        image=image("analysis"),
    output:
        table=report(
            f"{RESULTS}/tables/cells.csv",
            caption="../report/cells.rst",
            category="Tables",
            labels={"table": "cells"},
        ),
    log:
        f"{RESULTS}/logs/tables/cells.log",
    container:
        ANALYSIS
    threads: 1
    message:
        "Gathering the metrics of every fine-tuning run"
    shell:
        "{DEPTH2SEG} cells --out {output.table:q} {input.metrics:q} > {log:q} 2>&1"


rule experiment_table:
    input:
        cells=rules.cells.output.table,
        image=image("analysis"),
    output:
        table=report(
            f"{RESULTS}/tables/{{experiment}}.csv",
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{experiment}"},
        ),
    log:
        f"{RESULTS}/logs/tables/{{experiment}}.log",
    container:
        ANALYSIS
    threads: 1
    params:
        settings=experiment_settings,
        results=RESULTS,
    message:
        "Table of experiment {wildcards.experiment}"
    shell:
        "{DEPTH2SEG} table --settings {params.settings:q} --cells {input.cells:q} --results {params.results:q}"
        " --out {output.table:q} > {log:q} 2>&1"


rule claims:
    input:
        cells=rules.cells.output.table,
        activations=rules.activations.output.maps,
        image=image("analysis"),
    output:
        table=report(
            f"{RESULTS}/tables/claims.csv",
            caption="../report/claims_table.rst",
            category="Claims",
            labels={"claims": "table"},
        ),
    log:
        f"{RESULTS}/logs/tables/claims.log",
    container:
        ANALYSIS
    threads: 1
    params:
        settings=all_experiments_settings,
        results=RESULTS,
    message:
        "Holding the paper's claims against the cells"
    shell:
        "{DEPTH2SEG} claims --settings {params.settings:q} --cells {input.cells:q} --results {params.results:q}"
        " --activations {input.activations:q} --out {output.table:q} > {log:q} 2>&1"


rule all_table:
    input:
        tables=expand(rules.experiment_table.output.table, experiment=EXPERIMENTS),
        image=image("analysis"),
    output:
        table=report(
            f"{RESULTS}/tables/all.csv",
            caption="../report/all.rst",
            category="Tables",
            labels={"table": "all"},
        ),
    log:
        f"{RESULTS}/logs/tables/all.log",
    container:
        ANALYSIS
    threads: 1
    message:
        "Table of all experiments"
    shell:
        "{DEPTH2SEG} all --out {output.table:q} {input.tables:q} > {log:q} 2>&1"


rule experiment_figure:
    input:
        table=rules.experiment_table.output.table,
        cells=rules.cells.output.table,
        image=image("analysis"),
    output:
        pdf=f"{RESULTS}/figures/{{experiment}}.pdf",
        png=report(
            f"{RESULTS}/figures/{{experiment}}.png",
            caption="../report/experiment.rst",
            category="Figures",
            labels={"figure": "{experiment}"},
        ),
    log:
        f"{RESULTS}/logs/figures/{{experiment}}.log",
    container:
        ANALYSIS
    threads: 1
    params:
        settings=experiment_settings,
    message:
        "Figure of experiment {wildcards.experiment}"
    shell:
        "{DEPTH2SEG} figure --name experiment --settings {params.settings:q} --table {input.table:q}"
        " --cells {input.cells:q} --out {output.pdf:q} > {log:q} 2>&1"


rule claims_figure:
    input:
        table=rules.claims.output.table,
        image=image("analysis"),
    output:
        pdf=f"{RESULTS}/figures/claims.pdf",
        png=report(
            f"{RESULTS}/figures/claims.png",
            caption="../report/claims.rst",
            category="Claims",
            labels={"claims": "figure"},
        ),
    log:
        f"{RESULTS}/logs/figures/claims.log",
    container:
        ANALYSIS
    threads: 1
    message:
        "Figure of the claims"
    shell:
        "{DEPTH2SEG} figure --name claims --table {input.table:q} --out {output.pdf:q} > {log:q} 2>&1"


rule cells_figure:
    input:
        cell_files("metrics.json", EXPERIMENTS[0]),
        image=image("analysis"),
    output:
        pdf=f"{RESULTS}/figures/{{name}}.pdf",
        png=report(
            f"{RESULTS}/figures/{{name}}.png",
            caption="../report/cells_figure.rst",
            category="Figures",
            labels={"figure": "{name}"},
        ),
    log:
        f"{RESULTS}/logs/figures/{{name}}.log",
    wildcard_constraints:
        name="predictions|convergence|scales",
    container:
        ANALYSIS
    threads: 1
    params:
        settings=first_experiment_settings,
        results=RESULTS,
    message:
        "Figure {wildcards.name}"
    shell:
        "{DEPTH2SEG} figure --name {wildcards.name} --settings {params.settings:q} --results {params.results:q}"
        " --out {output.pdf:q} > {log:q} 2>&1"


rule maps_figure:
    input:
        samples=lambda wildcards: network_files(wildcards.task, "samples.npz"),
        image=image("analysis"),
    output:
        pdf=f"{RESULTS}/figures/{{task}}-maps.pdf",
        png=report(
            f"{RESULTS}/figures/{{task}}-maps.png",
            caption="../report/maps_figure.rst",
            category="Figures",
            labels={"figure": "{task} maps"},
        ),
    log:
        f"{RESULTS}/logs/figures/{{task}}-maps.log",
    wildcard_constraints:
        task="depth|flow",
    container:
        ANALYSIS
    threads: 1
    params:
        settings=label_settings,
    message:
        "Pictures of the {wildcards.task} networks"
    shell:
        "{DEPTH2SEG} figure --name {wildcards.task}-maps --settings {params.settings:q} --out {output.pdf:q}"
        " {input.samples:q} > {log:q} 2>&1"


rule activations_figure:
    input:
        samples=rules.activations.output.maps,
        image=image("analysis"),
    output:
        pdf=f"{RESULTS}/figures/activations.pdf",
        png=report(
            f"{RESULTS}/figures/activations.png",
            caption="../report/activations.rst",
            category="Figures",
            labels={"figure": "activations"},
        ),
    log:
        f"{RESULTS}/logs/figures/activations.log",
    container:
        ANALYSIS
    threads: 1
    params:
        settings=label_settings,
    message:
        "Figure of activation maps"
    shell:
        "{DEPTH2SEG} figure --name activations --settings {params.settings:q} --out {output.pdf:q} {input.samples:q}"
        " > {log:q} 2>&1"


rule pictures_figure:
    input:
        samples=lambda wildcards: network_files(wildcards.task, "samples.npz"),
        image=image("analysis"),
    output:
        pdf=f"{RESULTS}/figures/{{task}}-pictures.pdf",
        png=report(
            f"{RESULTS}/figures/{{task}}-pictures.png",
            caption="../report/pictures_figure.rst",
            category="Figures",
            labels={"figure": "{task} pictures"},
        ),
    log:
        f"{RESULTS}/logs/figures/{{task}}-pictures.log",
    container:
        ANALYSIS
    threads: 1
    params:
        settings=picture_settings,
    message:
        "Pictures of the {wildcards.task} networks"
    shell:
        "{DEPTH2SEG} figure --name pictures --settings {params.settings:q} --out {output.pdf:q} {input.samples:q}"
        " > {log:q} 2>&1"


rule report_page:
    input:
        final_files(),
    output:
        page=f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report.log",
    container:
        None  # Snakemake's own report: where Snakemake runs
    threads: 1
    params:
        snakefile=workflow.main_snakefile,
        config=config_arguments(),
        title=study.config.title,
    message:
        "Web page of all tables and figures: {output.page}"
    shell:  # the outer Snakemake has the lock, and no other job is running that writes what this one reads
        "snakemake --nolock --snakefile {params.snakefile:q} {params.config} --report {output.page:q} {input:q}"
        " > {log:q} 2>&1"


rule plan:
    output:
        table=f"{RESULTS}/plan.csv",
    log:
        f"{RESULTS}/logs/plan.log",
    container:
        None  # a plan comes before the images
    threads: 1
    params:
        study=whole_study,
    message:
        "What this study takes: {output.table}"
    shell:
        "{ON_HOST} plan --study {params.study:q} --out {output.table:q} > {log:q} 2>&1"
