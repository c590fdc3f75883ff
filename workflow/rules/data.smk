# Raw data sets -> frame index -> packed frames.


rule render:
    input:
        image=image("analysis"),
    output:
        manifest=f"{DATA}/{{dataset}}/manifests/{{sequence}}.json",
    log:
        f"{RESULTS}/logs/render/{{dataset}}/{{sequence}}.log",
    container:
        ANALYSIS
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=sequence_settings,
        root=f"{DATA}/{{dataset}}",
    message:
        "Rendering {wildcards.dataset}, {wildcards.sequence}"
    shell:
        "{DEPTH2SEG} render --settings {params.settings:q} --sequence {wildcards.sequence} --root {params.root:q}"
        " --threads {threads} > {log:q} 2>&1"


rule fetch:
    input:
        image=image("analysis"),
    output:
        manifest=f"{RESULTS}/data/{{dataset}}/manifest.json",
    log:
        f"{RESULTS}/logs/fetch/{{dataset}}.log",
    container:
        ANALYSIS
    threads: 1
    resources:
        mem_mb=500,
    params:
        settings=dataset_settings,
        root=f"{DATA}/{{dataset}}",
    message:
        "Verifying {params.root}, downloading what is missing"
    shell:
        "{DEPTH2SEG} fetch --settings {params.settings:q} --root {params.root:q} --out {output.manifest:q} 2>&1"
        " | tee {log:q}"


rule archive:
    input:
        image=image("analysis"),
    output:
        placed=f"{RESULTS}/data/{{dataset}}/archives/{{part}}.json",
    log:
        f"{RESULTS}/logs/archive/{{dataset}}/{{part}}.log",
    container:
        ANALYSIS
    threads: 1
    resources:
        mem_mb=500,
        downloads=1,
    params:
        settings=obtaining_settings,
        root=f"{DATA}/{{dataset}}",
    message:
        "Obtaining {wildcards.part} of {wildcards.dataset}"
    shell:
        "{DEPTH2SEG} archive --settings {params.settings:q} --part {wildcards.part} --root {params.root:q}"
        " --out {output.placed:q} 2>&1 | tee {log:q}"


rule preflight:
    input:
        raw_records,
        image=image("analysis"),
    output:
        report=f"{RESULTS}/data/{{dataset}}/preflight.json",
    log:
        f"{RESULTS}/logs/preflight/{{dataset}}.log",
    container:
        ANALYSIS
    threads: 1
    resources:
        mem_mb=500,
    params:
        settings=dataset_settings,
        root=f"{DATA}/{{dataset}}",
    message:
        "Checking {params.root}"
    shell:
        "{DEPTH2SEG} preflight --settings {params.settings:q} --root {params.root:q} --out {output.report:q} 2>&1"
        " | tee {log:q}"


rule prepare:
    input:
        preflight=rules.preflight.output.report,
        image=image("analysis"),
    output:
        record=f"{RESULTS}/data/{{dataset}}/prepared/{{sequence}}.json",
    log:
        f"{RESULTS}/logs/prepare/{{dataset}}/{{sequence}}.log",
    container:
        ANALYSIS
    threads: 1
    resources:
        mem_mb=500,
    params:
        settings=dataset_settings,
        root=f"{DATA}/{{dataset}}",
    message:
        "Preparing {wildcards.dataset}, {wildcards.sequence}"
    shell:
        "{DEPTH2SEG} prepare --settings {params.settings:q} --sequence {wildcards.sequence} --root {params.root:q}"
        " --out {output.record:q} > {log:q} 2>&1"


rule index:
    input:
        indexed_records,
        image=image("analysis"),
    output:
        index=f"{RESULTS}/data/{{dataset}}/index.parquet",
    log:
        f"{RESULTS}/logs/index/{{dataset}}.log",
    container:
        ANALYSIS
    threads: 1
    resources:
        mem_mb=500,
    params:
        settings=dataset_settings,
        root=f"{DATA}/{{dataset}}",
    message:
        "Indexing the frames of {wildcards.dataset}"
    shell:
        "{DEPTH2SEG} index --settings {params.settings:q} --root {params.root:q} --out {output.index:q} > {log:q} 2>&1"


rule pack:
    input:
        index=rules.index.output.index,
        image=image("analysis"),
    output:
        folder=directory(f"{RESULTS}/data/{{dataset}}/{{height}}x{{width}}"),
    log:
        f"{RESULTS}/logs/pack/{{dataset}}-{{height}}x{{width}}.log",
    container:
        ANALYSIS
    threads: 2
    resources:
        mem_mb=500,
    params:
        settings=packing_settings,
        root=f"{DATA}/{{dataset}}",
    message:
        "Packing the frames of {wildcards.dataset} at {wildcards.width} x {wildcards.height}"
    shell:
        "{DEPTH2SEG} pack --settings {params.settings:q} --index {input.index:q} --root {params.root:q}"
        " --out {output.folder:q} --processes {threads} > {log:q} 2>&1"
