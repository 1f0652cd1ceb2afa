#!/bin/sh
# Builds gsm8k.wasm. Needs Python 3.10 or newer; the compiler is fetched into a temporary folder.
set -eu
cd "$(dirname "$0")"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
python3 -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check componentize-py==0.25.1
"$tools/bin/componentize-py" -d ../../wit -w reward componentize gsm8k --stub-wasi -o gsm8k.wasm
