#!/bin/sh
# Builds every .wasm here from the .c beside it. Needs clang and lld (Debian: apt-get install clang lld); no libc.
# A big stack costs page faults in every call, so it is small.
set -eu
cd "$(dirname "$0")"
for source in *.c; do
  clang --target=wasm32 -std=c11 -O2 -Wall -Wextra -Werror -ffreestanding -fno-builtin -nostdlib \
    -Wl,--no-entry -Wl,--strip-all -Wl,-z,stack-size=16384 \
    -o "${source%.c}.wasm" "$source"
  chmod 644 "${source%.c}.wasm"
done
