#!/bin/sh
# Builds gsm8k.wasm. Needs node and npm; the compiler is fetched into a temporary folder.
set -eu
cd "$(dirname "$0")"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
npm install --silent --no-save --prefix "$tools" componentize-qjs@0.4.5
"$tools/node_modules/.bin/componentize-qjs" --wit ../../wit --js gsm8k.js --world reward \
  --stub-wasi --sync --output gsm8k.wasm
