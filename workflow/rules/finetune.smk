# A cell: weights of a recipe and a few labelled images -> metrics on the fixed test set.


rule finetune:
    input:
        packed=finetune_frames,
        encoder=finetune_encoder,
        image=image("train"),
    output:
        metrics=f"{RESULTS}/{CELL}/metrics.json",
        history=f"{RESULTS}/{CELL}/history.csv",
        confusion=f"{RESULTS}/{CELL}/confusion.npz",
        samples=f"{RESULTS}/{CELL}/samples.npz",
        model=f"{RESULTS}/{CELL}/model.pth",
        config=f"{RESULTS}/{CELL}/config.py",
    log:
        f"{RESULTS}/logs/finetune/{{dataset}}-{{recipe}}-{{backbone}}-{{setting}}-n{{train_size}}-seed{{seed}}.log",
    container:
        TRAIN
    threads: 1
    resources:
        mem_mb=3000,
        gpu=1,
    params:
        settings=finetune_settings,
        folder=f"{RESULTS}/{CELL}",
        results=RESULTS,
    message:
        "Fine-tuning {wildcards.recipe}, {wildcards.setting}, {wildcards.train_size} images, seed {wildcards.seed}"
    shell:
        "{DEPTH2SEG} finetune --settings {params.settings:q} --packed {input.packed:q} --encoder {input.encoder:q}"
        " --out {params.folder:q} --results {params.results:q} --threads {threads} 2>&1 | tee {log:q}"
