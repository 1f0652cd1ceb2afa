#!/usr/bin/env bash
# Loads exports with the frameworks' own types: pinned releases, an environment each, deleted after it. Opt-in: it needs the
# package registry and Python 3.12 (PYTHON), and takes minutes. `run.sh tinker sources` runs only these.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(realpath -m "${CARGO_TARGET_DIR:-target}/frameworks")
python=${PYTHON:-python3.12}
export GOLDEN=$work/golden SOURCES=$work/sources PYTHONPATH=$PWD/tests/frameworks HF_HOME=$work/hf HF_HUB_OFFLINE=1
cargo run --quiet -p export --example golden -- "$GOLDEN"
failed=()
for name in ${*:-tinker together verifiers nemo_gym art datasets sources}; do
  env=$work/env-$name
  "$python" -m venv "$env"
  if [ "$name" = sources ]; then
    "$env/bin/pip" install --quiet numpy pydantic
    # wheels alone, without what they depend on: they are read, not imported
    "$env/bin/pip" download --quiet --no-deps --dest "$work/wheels" -r tests/frameworks/source_only.txt
    for wheel in "$work"/wheels/*.whl; do
      into=$SOURCES/$(basename "$wheel" | cut -d- -f1)
      mkdir -p "$into" && (cd "$into" && "$env/bin/python" -m zipfile -e "$wheel" .)
    done
  else
    "$env/bin/pip" install --quiet -r "tests/frameworks/requirements/$name.txt"
  fi
  "$env/bin/python" "tests/frameworks/check_$name.py" || failed+=("$name")
  rm -rf "$env"
done
rm -rf "$work"
[ ${#failed[@]} = 0 ] || { echo "failed: ${failed[*]}" >&2; exit 1; }
