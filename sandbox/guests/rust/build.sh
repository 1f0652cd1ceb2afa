#!/bin/sh
# Builds gsm8k.wasm. Needs Rust and, once, `rustup target add wasm32-unknown-unknown`. The flags make the module
# small and fast to start, and keep the paths of this machine out of it.
set -eu
cd "$(dirname "$0")"
target=${CARGO_TARGET_DIR:-$PWD/target}/guests
home=${CARGO_HOME:-$HOME/.cargo}
flags="-Clink-arg=-zstack-size=16384 --remap-path-prefix=$PWD=/ --remap-path-prefix=$home=/"
for registry in "$home"/registry/src/*; do flags="$flags --remap-path-prefix=$registry=/crates"; done
RUSTFLAGS=$flags CARGO_PROFILE_RELEASE_OPT_LEVEL=3 CARGO_PROFILE_RELEASE_LTO=fat \
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_STRIP=symbols \
  cargo build --quiet --release --lib --target wasm32-unknown-unknown --target-dir "$target"
install -m 644 "$target/wasm32-unknown-unknown/release/gsm8k.wasm" gsm8k.wasm
