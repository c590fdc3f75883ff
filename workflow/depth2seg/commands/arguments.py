"""Arguments that several verbs have."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depth2seg.study import Study


def count(text: str) -> int:
    """A number of steps, samples or threads, as an argument's type: 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """A data set: its block and its folder."""
    parser.add_argument(
        "--settings", type=json.loads, required=True, help="the data set's block of the config, as JSON"
    )
    parser.add_argument("--root", type=Path, required=True, help="the data set's folder")


def add_study(parser: argparse.ArgumentParser) -> None:
    """A whole study, for ``study_of``."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--config", type=Path, help="the study's config file")
    source.add_argument("--study", type=json.loads, help="the study's config, as JSON")


def study_of(arguments: argparse.Namespace) -> "Study":
    """The study that ``add_study``'s arguments name.

    Raises:
        UserError: the config is no YAML, or wrong.
    """
    from depth2seg.errors import UserError
    from depth2seg.study import load_study

    if not arguments.config:
        return load_study(arguments.study)
    import yaml

    try:
        return load_study(yaml.safe_load(arguments.config.read_text()), str(arguments.config))
    except yaml.YAMLError as error:
        raise UserError(f"{arguments.config} is not valid YAML: {error}") from error
