#!/bin/sh
# Builds the .wasm files beside the .wat files, with the assembler that the tests use.
set -eu
cd "$(dirname "$0")"
for source in *.wat; do
  cargo run --quiet --package sandbox --example wat2wasm -- "$source" "${source%.wat}.wasm"
done
