# A recipe, with one backbone and seed -> weights that fine-tuning can start from; and what these weights see.


rule weights:
    input:
        image=image("analysis"),
    output:
        weights=f"{DATA}/weights/{{recipe}}/{{backbone}}.pth",
    log:
        f"{RESULTS}/logs/weights/{{recipe}}-{{backbone}}.log",
    container:
        ANALYSIS
    threads: 1
    resources:
        mem_mb=500,
        downloads=1,
    params:
        published=published_weights,
    message:
        "Downloading the weights of {wildcards.recipe}, {wildcards.backbone}"
    shell:
        "{DEPTH2SEG} weights --address {params.published[weights]:q} --sha256 {params.published[sha256]}"
        " --out {output.weights:q} 2>&1 | tee {log:q}"


rule pretrain:
    input:
        packed=pretrain_frames,
        init=pretrain_init,
        image=image("train"),
    output:
        encoder=f"{RESULTS}/pretrain/{{recipe}}/{{backbone}}/seed{{seed}}/encoder.pth",
        history=f"{RESULTS}/pretrain/{{recipe}}/{{backbone}}/seed{{seed}}/history.csv",
        metrics=f"{RESULTS}/pretrain/{{recipe}}/{{backbone}}/seed{{seed}}/metrics.json",
        samples=f"{RESULTS}/pretrain/{{recipe}}/{{backbone}}/seed{{seed}}/samples.npz",
        config=f"{RESULTS}/pretrain/{{recipe}}/{{backbone}}/seed{{seed}}/config.py",
    log:
        f"{RESULTS}/logs/pretrain/{{recipe}}-{{backbone}}-seed{{seed}}.log",
    priority: 10
    container:
        TRAIN
    threads: 1
    resources:
        mem_mb=3000,
        gpu=1,
    params:
        settings=pretrain_settings,
        packed=lambda wildcards, input: option("--packed", input.packed),
        init=lambda wildcards, input: option("--init", input.init),
        folder=f"{RESULTS}/pretrain/{{recipe}}/{{backbone}}/seed{{seed}}",
        results=RESULTS,
    message:
        "Pre-training {wildcards.recipe}, {wildcards.backbone}, seed {wildcards.seed}"
    shell:
        "{DEPTH2SEG} pretrain --settings {params.settings:q} {params.packed} {params.init} --out {params.folder:q}"
        " --results {params.results:q} --threads {threads} 2>&1 | tee {log:q}"


rule activations:
    input:
        packed=compared_frames(),
        encoders=compared_encoders(),
        image=image("train"),
    output:
        table=f"{RESULTS}/activations/activations.csv",
        maps=f"{RESULTS}/activations/activations.npz",
    log:
        f"{RESULTS}/logs/activations.log",
    container:
        TRAIN
    threads: 1
    resources:
        mem_mb=3000,
    params:
        folder=lambda wildcards, output: Path(output.table).parent,
    message:
        "Comparing activation maps of {EXPERIMENTS[0]}'s encoders"
    shell:
        "{DEPTH2SEG} activations --packed {input.packed:q} --out {params.folder:q} --threads {threads}"
        " {input.encoders:q} > {log:q} 2>&1"
