#!/bin/sh
# Builds every module here from its source, in a copy of the repository, and compares: the committed ones must come out
# byte for byte, and those of Python and JavaScript, which are not committed, must agree with native Rust on a
# thousand rows. Needs what the five kits need (Rust with wasm32-unknown-unknown, clang and lld, node and npm, Python
# 3.10) and the registries of npm and PyPI. Takes minutes. The copy uses CARGO_TARGET_DIR where that is set.
set -eu
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar -c --null -T - --ignore-failed-read) |
  tar -x -m -C "$copy" # fresh times: cargo must build again
cd "$copy/sandbox/guests"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
for kit in assemblyscript builtins c javascript python rust wat; do
  echo "== $kit"
  rm -f $kit/*.wasm
  ./$kit/build.sh
done
echo "== the committed modules"
sha256sum --check SHA256SUMS
echo "== agreement"
cp javascript/gsm8k.wasm "$root/sandbox/guests/javascript/"
cp python/gsm8k.wasm "$root/sandbox/guests/python/"
cd "$root"
cargo test --package sandbox --test it kits -- --include-ignored
