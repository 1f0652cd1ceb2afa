#!/bin/sh
# Builds last-number.wasm. Needs node and npm; the compiler is fetched into a temporary folder.
set -eu
cd "$(dirname "$0")"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
npm install --silent --no-save --prefix "$tools" assemblyscript@0.28.20
"$tools/node_modules/.bin/asc" last-number.ts -o last-number.wasm \
  -O3 --runtime stub --use abort= --exportStart _initialize --noAssert
