#!/usr/bin/env bash
# Does what the README's first screen says, in a folder of its own, and checks what it leaves.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=$PWD/target/release/grandmodel

fail() { echo "newcomer: $*" >&2; exit 1; }
expect_status() {
  local want=$1 got=0
  shift
  "$@" > "$work/out" 2> "$work/err" || got=$?
  [ "$got" = "$want" ] || { cat "$work/err" >&2; fail "$* ended with $got, not $want"; }
  if [ "$want" != 0 ]; then
    [ "$(wc -l < "$work/err")" = 1 ] || { cat "$work/err" >&2; fail "$*: an error is one line"; }
  fi
}

cp -r configs "$work/"
cd "$work"
expect_status 0 "$program" backtest --config configs/quickstart.toml --out run
[ -s run/report.html ] || fail "no report.html"
[ "$(du -sm data/quickstart | cut -f1)" -le 60 ] || fail "the sample market is larger than 60 MB"
for table in bars indicators decisions orders fills equity rejects; do
  [ -s "run/$table.parquet" ] || fail "no $table.parquet"
done
first=$(grep -E '"(event|state)_hash"' run/summary.json)

# The same answer on another layout, from the data that is there now.
expect_status 0 "$program" backtest --config configs/quickstart.toml --out again --set run.layout=split
[ "$first" = "$(grep -E '"(event|state)_hash"' again/summary.json)" ] || fail "another layout gave another hash"

expect_status 2 "$program" backtest --config configs/quickstart.toml --out run
expect_status 0 "$program" backtest --config configs/quickstart.toml --out run --force --json
python3 -c 'import json, sys; json.loads(open("out").read())' || fail "--json is not one JSON object"
expect_status 0 "$program" report run
expect_status 0 "$program" config check configs/quickstart.toml
expect_status 0 "$program" config show configs/reference.toml
expect_status 0 "$program" doctor
expect_status 2 "$program" backtest --config configs/quickstart.toml --set run.layuot=split
expect_status 1 "$program" report no-such-folder
expect_status 2 "$program" frobnicate
echo "newcomer: both commands and their errors are as the README says"
