#!/usr/bin/env bash
# Runs every check and every test, after installing what they need.
#
#   scripts/test.sh           what CI runs
#   scripts/test.sh --long    more cases of everything that is random
#
# The storage tiers are tested on servers of their own (scripts/services.sh); a user's own servers are never touched.
# The second backend, libtorch, is tested where scripts/setup-torch.sh has been run: it is 500 MB that nothing else
# needs.
# Needs the Rust toolchain, Python 3 with venv and pip, and, for what is missing, apt.
set -euo pipefail
cd "$(dirname "$0")/.."

long=0
case "${1:-}" in
  "") ;;
  --long) long=1 ;;
  *) echo "usage: scripts/test.sh [--long]" >&2; exit 2 ;;
esac

step() { printf '\n== %s\n' "$*"; }

step "what the tests need"
scripts/setup-python.sh
export GRANDMODEL_PYTHON="$PWD/target/python/bin/python"
trap 'scripts/services.sh down' EXIT
scripts/services.sh up
eval "$(scripts/services.sh env)"

step "format, lints, documentation"
cargo fmt --all --check
cargo clippy --workspace --all-targets --quiet -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

step "tests"
[ "$long" = 1 ] && export PROPTEST_CASES=5000
log=target/test.log
cargo test --workspace --no-fail-fast 2>&1 | tee "$log"

step "schedules of the ring's atomics"
cargo test -p ring --features shuttle --test schedules 2>&1 | tee -a "$log"

if [ -d target/torch/libtorch/torch ]; then
  step "libtorch"
  if [ -x target/torch-python/bin/python ]; then
    target/torch-python/bin/python scripts/export-torchscript.py configs/models target/torch/models
  fi
  (
    export LIBTORCH="$PWD/target/torch/libtorch/torch"
    cargo clippy -p torch -p daemon --features torch/libtorch,daemon/libtorch --all-targets --quiet -- -D warnings
    cargo test -p torch --features libtorch 2>&1 | tee -a "$log"
    cargo test -p daemon --features libtorch --test e2e torch 2>&1 | tee -a "$log"
  )
fi

step "the program as a newcomer runs it"
cargo build --release
scripts/newcomer.sh 2>&1 | tee -a "$log"

step "instruction counts of the hot path"
scripts/instructions.sh 2>&1 | grep -E "Instructions:|regressed|error" || { scripts/instructions.sh; exit 1; }

step "summary"
count() { awk -v pattern="$1" '$1 == "test" && $2 ~ pattern && $NF == "ok"' "$log" | wc -l; }
passed=$(count '.')
# What a test skips it says on a line of its own.
grep -ho 'SKIPPED .*' "$log" || true
real=$(count '(^|::)real_')
if [ -d ../shared/data ]; then
  echo "$passed tests passed, $real of them on real data in ../shared/data"
else
  echo "$passed tests passed; ../shared/data is absent, so $real tests on real data were skipped (their twins on made data ran)"
fi
