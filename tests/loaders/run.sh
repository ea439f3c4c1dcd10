#!/bin/sh
# Installs the packages into build/loaders (once) and loads exported sets with them.
# usage: tests/loaders/run.sh [path/to/resolvent]
set -eu
cd "$(dirname "$0")/../.."
venv=build/loaders
if [ ! -e "$venv/ready" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet -r tests/loaders/requirements.txt
    "$venv/bin/pip" install --quiet --no-deps --ignore-requires-python pdebench==0.1.0
    touch "$venv/ready"
fi
exec "$venv/bin/python" tests/loaders/check_loaders.py "${1:-target/release/resolvent}"
