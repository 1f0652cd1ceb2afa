#!/usr/bin/env bash
# Loads exports with the frameworks' own code: pinned releases, an environment each, deleted after it. Opt-in: it needs the
# package registry and Python 3.12 (PYTHON), and takes minutes. `run.sh` does those without torch; `run.sh trl verl` only these;
# `run.sh all` every one. Those with torch share one installation of it, which brings CUDA along (5 GB, deleted at the end): all
# of them run on the CPU.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(realpath -m "${CARGO_TARGET_DIR:-target}/frameworks")
python=${PYTHON:-python3.12}
tests=$PWD/tests/frameworks
export GOLDEN=$work/golden PYTHONPATH=$tests:$PWD/openapi/python PYTHONDONTWRITEBYTECODE=1 HF_HOME=$work/hf HF_HUB_OFFLINE=1
light="tinker together verifiers nemo_gym art datasets"
heavy="torch trl verl openrlhf skyrl areal"
names=${*:-$light}
[ "$names" = all ] && names="$light $heavy"
cargo build --quiet --workspace --example golden
"${CARGO_TARGET_DIR:-target}/debug/examples/golden" "$GOLDEN"
cd "$work"
failed=()
for name in $names; do
  env=$work/env-$name
  install=("$env/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir)
  "$python" -m venv "$env"
  if [[ " $heavy " == *" $name "* ]]; then
    if [ ! -d base ]; then
      "$python" -m venv base
      base/bin/pip install --quiet --disable-pip-version-check --no-cache-dir -r "$tests/requirements/base.txt"
    fi
    shared=$(echo "$work"/base/lib/python*/site-packages)
    echo "import site; site.addsitedir('$shared')" > "$(echo "$env"/lib/python*/site-packages)/base.pth"
    install+=(--no-build-isolation)
  fi
  # DeepSpeed would compile for a GPU, and looks for torch when it is built
  DS_BUILD_OPS=0 "${install[@]}" -r "$tests/requirements/$name.txt"
  # what the release itself wants beyond that needs CUDA, or is not looked at here
  [ ! -e "$tests/requirements/$name.alone.txt" ] || "${install[@]}" --no-deps -r "$tests/requirements/$name.alone.txt"
  "$env/bin/python" "$tests/check_$name.py" || failed+=("$name")
  rm -rf "$env"
done
rm -rf "$work"
[ ${#failed[@]} = 0 ] || { echo "failed: ${failed[*]}" >&2; exit 1; }
