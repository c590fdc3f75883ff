"""`plan`: say what a study would take, before anything starts."""

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--config", type=Path, help="the study's config file")
    source.add_argument("--study", type=json.loads, help="the study's config, as JSON")
    parser.add_argument("--out", type=Path, help="a table to write (.csv); without, the plan is printed")


def run(arguments: argparse.Namespace) -> None:
    """Print the plan, or write it."""
    from depth2seg.errors import UserError
    from depth2seg.reporting.csv_files import write_csv
    from depth2seg.study import load_study
    from depth2seg.study.plan import COLUMNS, plan, text

    config, name = arguments.study, "config"
    if arguments.config:
        import yaml

        name = str(arguments.config)
        try:
            config = yaml.safe_load(arguments.config.read_text())
        except yaml.YAMLError as error:
            raise UserError(f"{name} is not valid YAML: {error}") from error
    rows = plan(load_study(config, name))
    if arguments.out:
        rounded = [{key: round(v, 3) if isinstance(v, float) else v for key, v in row.items()} for row in rows]
        write_csv(arguments.out, COLUMNS, rounded)
    else:
        print(text(rows))
