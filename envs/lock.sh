#!/usr/bin/env bash
# Locks envs/*.in to envs/*.txt: every version pinned, every file's hash listed, one set of versions for all.
# Needs uv (pip install uv). Run it after changing an .in file, and commit what it writes.
set -euo pipefail
cd "$(dirname "$0")"
lock() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --override overrides.txt "$@"
}
lock venv.in --output-file venv.txt
for image in analysis train; do  # constrained by venv.txt: an image runs what .venv runs
  lock "$image.in" --constraint venv.txt --output-file "$image.txt"
done
lock venv.in --override overrides-cu128.txt --output-file venv-cu128.txt
lock train.in --override overrides-cu128.txt --constraint venv-cu128.txt --output-file train-cu128.txt
