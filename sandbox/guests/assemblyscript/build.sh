#!/bin/sh
# Builds every .wasm here from the .ts beside it. Needs node and npm; the compiler is fetched into a temporary folder.
set -eu
cd "$(dirname "$0")"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
npm install --silent --no-save --prefix "$tools" assemblyscript@0.28.20
for source in *.ts; do
  "$tools/node_modules/.bin/asc" "$source" -o "${source%.ts}.wasm" \
    -O3 --runtime stub --use abort= --exportStart _initialize --noAssert
done
