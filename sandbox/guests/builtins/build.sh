#!/bin/sh
# Builds builtins.wasm. Needs Rust with the target wasm32-unknown-unknown. The module names no path of the machine
# that built it; the toolchain of rust-toolchain.toml and Cargo.lock make the same bytes again.
set -eu
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd -P)
target=${CARGO_TARGET_DIR:-$root/target}/guests
home=${CARGO_HOME:-$HOME/.cargo}
flags="-Clink-arg=-zstack-size=65536 --remap-path-prefix=$root=/ --remap-path-prefix=$home=/"
for registry in "$home"/registry/src/*; do flags="$flags --remap-path-prefix=$registry=/crates"; done
RUSTFLAGS=$flags CARGO_PROFILE_RELEASE_OPT_LEVEL=3 CARGO_PROFILE_RELEASE_LTO=fat \
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_STRIP=symbols \
  cargo rustc --locked --quiet --release --package builtins --lib --crate-type cdylib \
  --target wasm32-unknown-unknown --target-dir "$target"
install -m 644 "$target/wasm32-unknown-unknown/release/builtins.wasm" builtins.wasm
