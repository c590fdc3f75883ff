"""Every task, backbone, decoder and head that the config's check lets go together: trained, and fine-tuned from.

The list follows from the tasks' RECIPEs and from ``models.families``, so a new one is in it by itself. Each run is a
job's: settings from a study, mmengine's Runner, the files of its folder.
"""

import json
import math
import re
import shutil
from itertools import product

import pytest
import studies
import yaml
from depth2seg.models.families import DECODERS, FAMILIES, OUTPUT_STRIDES
from depth2seg.study.cells import Cell
from depth2seg.study.combinations import combination_problems, handed_decoder
from depth2seg.study.schema import Config, Experiment
from depth2seg.study.study import Study
from depth2seg.study.task_specs import task_specs
from depth2seg.training.finetune import finetune
from depth2seg.training.pretrain import pretrain
from depth2seg.training.state import load_tensors
from synthetic import write_classes, write_street

SCHEDULE = {"iterations": 2, "batch": 2, "lr": 1e-4}
SIZE = [64, 64]
SMALL = {"queue": 8, "decoder_width": 64, "decoder_layers": 1}  # keys of recipes whose default is for larger machines
DOCUMENTED = (studies.REPO / "results" / "README.md").read_text()


def recipes():
    """A recipe of each task, kind of supervision and decoder, and one that trains nothing."""
    found = {"none": {"label": "", "task": "none"}}
    for task, spec in task_specs().items():
        chosen = {key: rule["choices"] for key, rule in spec.keys.items() if "choices" in rule}
        dataset = "smoke-objects" if spec.trains_on == "objects" else "smoke-streets"
        common = {"label": "", "task": task, "dataset": dataset, "size": SIZE, "schedule": SCHEDULE}
        common |= {key: value for key, value in SMALL.items() if key in spec.keys}
        for values in product(*chosen.values()):
            found["-".join([task, *values])] = common | dict(zip(chosen, values, strict=True))
    return found


def settings():
    """A setting of each head, and of each with the decoder handed on."""
    common = {"label": "", "size": SIZE, "schedule": SCHEDULE}
    return {
        f"{head}-{transfer.replace('+', '-')}": common
        | {"head": head, "transfer": transfer, "output_stride": 16 if OUTPUT_STRIDES[head] == 16 else 32}
        for head, transfer in product(DECODERS, ("encoder", "encoder+decoder"))
    }


def study():
    values = yaml.safe_load(studies.SMOKE.read_text())
    return Study(
        Config.model_validate(values | {"recipes": recipes(), "settings": settings(), "experiments": {}}, strict=True)
    )


STUDY = study()


def problems(recipe, backbone, setting=None):
    """What the config's check says of one combination; without a setting, of the pre-training alone."""
    block = {"title": "", "dataset": "smoke-streets", "recipes": [recipe], "backbones": [backbone]}
    block |= {"settings": [setting or "none"], "train_sizes": [2], "seeds": 1, "baseline": recipe}
    return combination_problems(STUDY.config, "experiments.one", Experiment.model_validate(block))


PAIRS = list(product(STUDY.config.recipes, FAMILIES))
TRAINED = [pair for pair in PAIRS if not problems(*pair)]
# What is handed on is the same whatever supervises, so each is fine-tuned from with one kind of it.
FIRST = {recipe.partition("-")[0]: block.supervision for recipe, block in reversed(STUDY.config.recipes.items())}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("combinations")
    return {"smoke-streets": write_street(folder / "street"), "smoke-objects": write_classes(folder / "objects")}


@pytest.mark.parametrize(("recipe", "backbone"), TRAINED, ids=lambda value: value)
def test_it_trains_and_is_fine_tuned_from(recipe, backbone, packed, tmp_path):
    block = STUDY.recipe(recipe)
    out, work = tmp_path / "pretrain", tmp_path / "results"
    frames = packed.get(block.dataset)
    pretrain(json.loads(STUDY.pretrain_settings(recipe, backbone, 0)), frames, None, out, work, 1)
    metrics = json.loads((out / "metrics.json").read_text())
    trained = block.task != "none"
    assert metrics["iterations"] == (2 if trained else 0)
    assert not trained or math.isfinite(metrics["final_loss"])
    for name in metrics["errors"] or {}:
        assert f"`{name}`" in DOCUMENTED or f"`{re.sub('^(un)?scaled_', '', name)}`" in DOCUMENTED
        assert name in metrics["baseline"] or re.match("(un)?scaled_", name)
    handed = load_tensors(out / "encoder.pth")
    assert (handed["decoder"] is None) == (handed_decoder(block) is None)
    if block.supervision == FIRST[block.task]:
        fitting = [setting for setting in STUDY.config.settings if not problems(recipe, backbone, setting)]
        assert fitting
        for setting in fitting:
            tuned = tmp_path / setting
            cell = Cell("smoke-streets", recipe, backbone, setting, 2, 0)
            finetune(
                json.loads(STUDY.finetune_settings(cell)), packed["smoke-streets"], out / "encoder.pth", tuned, work, 1
            )
            tested = json.loads((tuned / "metrics.json").read_text())
            assert tested["iterations"] == 2 and 0 <= tested["miou"] <= 1
            shutil.rmtree(tuned)  # some networks are of 400 MB
    shutil.rmtree(tmp_path)


def test_every_part_is_in_some_combination():
    tasks = {STUDY.recipe(recipe).task for recipe, _ in TRAINED}
    assert tasks == {"none", *task_specs()}
    assert {backbone for _, backbone in TRAINED} == set(FAMILIES)
    tuned = {(recipe, setting) for recipe, backbone in TRAINED for setting in STUDY.config.settings
             if not problems(recipe, backbone, setting)}  # fmt: skip
    assert {setting for _, setting in tuned} == set(STUDY.config.settings)
    assert {recipe for recipe, _ in tuned} == set(STUDY.config.recipes)


@pytest.mark.parametrize("backbone", FAMILIES)
def test_what_is_left_out_is_refused_with_its_reason(backbone):
    for recipe, setting in product(STUDY.config.recipes, STUDY.config.settings):
        block, head = STUDY.recipe(recipe), STUDY.setting(setting).head
        spec, family = task_specs().get(block.task), FAMILIES[backbone]
        decoder = handed_decoder(block)
        expected = []
        if spec is not None and family not in spec.backbones:
            expected.append(f"task '{block.task}' of '{recipe}' cannot train {backbone}")
        elif decoder is not None and DECODERS[decoder] != family:
            expected.append(f"decoder '{decoder}' of '{recipe}' cannot take {backbone}; use '")
        if DECODERS[head] != family:
            expected.append(f"head '{head}' of '{setting}' cannot take {backbone}; use '")
        if STUDY.setting(setting).transfer == "encoder+decoder" and block.task != "none":
            if decoder is None:
                expected.append(f"['{recipe}'] hand on no decoder")
            elif decoder != head:
                expected.append(f"head '{head}' of '{setting}' is not the decoder that ['{recipe}'] hand on")
        told = problems(recipe, backbone, setting)
        assert len(told) == len(expected), (recipe, setting, told)
        for line, words in zip(told, expected, strict=True):
            assert words in line
