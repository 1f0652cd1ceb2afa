#!/bin/sh
# Builds boxed-answer.wasm. Needs clang and lld (Debian: apt-get install clang lld); no libc.
set -eu
cd "$(dirname "$0")"
clang --target=wasm32 -std=c11 -O2 -Wall -Wextra -Werror -ffreestanding -fno-builtin -nostdlib \
  -Wl,--no-entry -Wl,--strip-all -Wl,-z,stack-size=16384 \
  -o boxed-answer.wasm boxed-answer.c
chmod 644 boxed-answer.wasm
