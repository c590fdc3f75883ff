# Images that the jobs of the other stages run in, with --use-apptainer. Without it, nothing asks for them.


rule base_image:
    output:
        image=f"{IMAGES}/base.sif",
        record=f"{IMAGES}/base.json",
    log:
        f"{RESULTS}/logs/images/base.log",
    container:
        None
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=base_settings,
    message:
        "Building a minimal Debian: {output.image}"
    shell:
        "{ON_HOST} image --settings {params.settings:q} --out {output.image:q} > {log:q} 2>&1"


rule image:
    input:
        base=base_image,
    output:
        image=f"{IMAGES}/{{image}}.sif",
        record=f"{IMAGES}/{{image}}.json",
    log:
        f"{RESULTS}/logs/images/{{image}}.log",
    wildcard_constraints:
        image="analysis|train",
    priority: 20
    container:
        None
    threads: 1
    resources:
        mem_mb=2000,
    params:
        settings=image_settings,
        base=lambda wildcards, input: option("--base", input.base),
    message:
        "Building {output.image}"
    shell:
        "{ON_HOST} image --settings {params.settings:q} {params.base} --out {output.image:q} > {log:q} 2>&1"
