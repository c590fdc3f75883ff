"""Bad input to the whole workflow: a message that names what was wrong, a failing exit code, no traceback."""

import pytest
import studies
import yaml


def refused(folder, *arguments, config):
    done = studies.snakemake(folder, *arguments, config=config)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    return done.stdout


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"settings.unet.flipp": True}, ["settings.unet.flipp", "True", "did you mean 'flip'"]),
        ({"recipes.flow.schedule.lr": "1e-4"}, ["recipes.flow.schedule.lr", "'1e-4'", "1.0e-4"]),
        ({"recipes.classification.init": "depth-video-after-classification"}, ["init", "circle", "<-"]),
        ({"experiments.pretraining.train_sizes": [4, 99]}, ["experiments.pretraining.train_sizes", "99", "8"]),
    ],
    ids=["misspelled key", "number as text", "circle", "too many labels"],
)
def test_a_bad_config_ends_before_anything_runs(changes, named, tmp_path):
    printed = refused(tmp_path, "--cores", 1, config=studies.edited(tmp_path, changes))
    for words in named:
        assert words in printed
    assert not (tmp_path / "results").exists()


def test_a_config_that_is_no_yaml(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("study: [smoke\n")
    assert "not valid JSON or YAML" in refused(tmp_path, "--dry-run", config=broken)


def dataset_alone(folder, block):
    """A study of one downloaded data set and one cell."""
    values = yaml.safe_load((studies.REPO / "config" / "camvid.yaml").read_text())
    values["datasets"] = {"set": block}
    values["recipes"] = {"none": values["recipes"]["none"]}
    experiment = values["experiments"]["pretraining"] | {"dataset": "set", "recipes": ["none"], "train_sizes": [8]}
    values["experiments"] = {"pretraining": experiment}
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def test_a_missing_folder_of_archives_is_named(tmp_path):
    config = dataset_alone(tmp_path, {"source": "nyu", "archives": str(tmp_path / "nothing")})
    printed = refused(tmp_path, "--cores", 1, "results/camvid/data/set/index.parquet", config=config)
    assert f"there is no folder {tmp_path / 'nothing'}" in printed
