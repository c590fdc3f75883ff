"""Which training steps there are to measure, and with which backbone. No torch here: the command's help reads it."""

from depth2seg.models.families import DECODERS, FAMILIES
from depth2seg.study.task_specs import task_specs

FINETUNE = "finetune"


def step_names() -> list[str]:
    """Fine-tuning and every pre-training task, a task with several kinds of supervision once for each."""
    names = [FINETUNE]
    for task, spec in task_specs().items():
        kinds = spec.keys.get("supervision", {}).get("choices")
        names += [f"{task}-{kind}" for kind in kinds] if kinds else [task]
    return names


def backbone_of(name: str, wanted: str) -> str:
    """The wanted backbone, or the smallest that the step's task can train."""
    spec = task_specs().get(task_of(name)[0])
    families = set(FAMILIES.values()) if spec is None else spec.backbones
    if FAMILIES[wanted] in families:
        return wanted
    return next(backbone for backbone, family in FAMILIES.items() if family in families)


def task_of(name: str) -> tuple[str, str | None]:
    """Task and supervision of a step."""
    task, _, supervision = name.partition("-")
    return task, supervision or None


def decoder_of(backbone: str) -> str:
    """The decoder that a backbone has by default: the depth decoder's shape, or DPT."""
    return next(decoder for decoder, family in DECODERS.items() if family == FAMILIES[backbone])
