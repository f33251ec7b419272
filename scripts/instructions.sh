#!/usr/bin/env bash
# The regression gate: instruction counts of the hot path's kernels, against the limits in the bench itself.
# Installs valgrind (apt) and the bench's runner (into target/tools) where they are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind > /dev/null || { apt-get update -qq && apt-get install -y -qq valgrind; }
version=$(sed -n 's/^gungraun = "\([0-9.]*\)".*/\1/p' Cargo.toml)
if ! target/tools/bin/gungraun-runner --version 2> /dev/null | grep -q "$version"; then
  cargo install --quiet --root target/tools --version "^$version" gungraun-runner
fi
PATH="$PWD/target/tools/bin:$PATH" cargo bench --quiet -p bench --bench instructions
