#!/usr/bin/env bash
# Makes target/python: a virtual environment with the libraries that check our numbers and files.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=target/python
want="numpy pandas pyarrow polars duckdb TA-Lib"
if [ -x "$venv/bin/python" ] && [ "$(cat "$venv/installed" 2>/dev/null)" = "$want" ]; then
  exit 0
fi
mkdir -p target
if ! python3 -m venv "$venv" 2>/dev/null; then
  echo "python3 has no venv; installing it with apt" >&2
  apt-get update -qq && apt-get install -y -qq python3-venv
  python3 -m venv "$venv"
fi
# shellcheck disable=SC2086  # a list of names
"$venv/bin/pip" install --quiet --disable-pip-version-check $want
echo "$want" > "$venv/installed"
