#!/usr/bin/env bash
# Prints Snakemake's option for containers, if jobs shall run in them, and says on stderr what was chosen and why.
# The argument is make's CONTAINERS: auto, yes or no.
set -euo pipefail
case "$1" in
  auto)
    if program=$(command -v apptainer); then
      echo "make: each step runs in its container, by $program (CONTAINERS=no: in .venv)" >&2
      echo --use-apptainer
    else
      echo "make: no apptainer here, so the steps run in .venv (containers/install-apptainer.sh installs it)" >&2
    fi
    ;;
  yes) echo --use-apptainer ;;
  no) ;;
  *) echo "make: CONTAINERS=$1 is not valid, expected auto, yes or no" >&2; exit 1 ;;
esac
