# From frames to results/tables/all.csv: loads the config, includes the stages, names the targets.

from snakemake.utils import min_version

min_version("9.0")

if "study" not in config:  # --configfile replaces the default study, it does not add to it

    configfile: f"{workflow.basedir}/config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/containers.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/pretrain.smk"
include: "workflow/rules/finetune.smk"
include: "workflow/rules/report.smk"


onstart:
    if CONTAINERS:
        holding.hold([Path(ANALYSIS), Path(TRAIN)])


localrules:
    all,


rule all:
    default_target: True
    input:
        final_files(),
        f"{RESULTS}/report.html",
