#!/bin/sh
# Installs the peers on Debian 12 and builds the workers. What fails to install is left out, and
# run.py reports it as absent.
#
#   PEERS_HOME     where everything goes        (default: resolvent-peers in the temporary directory)
#   PEERS_NO_APT=1 installs no Debian packages  (they need root)
set -u
here=$(cd "$(dirname "$0")" && pwd)
home=${PEERS_HOME:-${TMPDIR:-/tmp}/resolvent-peers}
mkdir -p "$home/bin"
left_out=

attempt() { # attempt WHAT COMMAND...
    what=$1
    shift
    echo "== $what"
    "$@" || left_out="$left_out $what"
}

if [ -z "${PEERS_NO_APT:-}" ]; then
    apt-get update -q
    attempt "Debian packages" apt-get install -y -q --no-install-recommends \
        g++ libeigen3-dev python3-venv python3-dev libboost-dev python3-petsc4py-real openmpi-bin libopenblas0-pthread
fi

# The system's own Python: the one petsc4py is packaged for.
[ -x "$home/venv/bin/python" ] || /usr/bin/python3 -m venv --system-site-packages "$home/venv" || exit 1
pip="$home/venv/bin/pip install -q"
$pip 'numpy<2' 'scipy==1.17.1' || { echo "run.py itself needs NumPy and SciPy" >&2; exit 1; }
attempt pyamg $pip 'pyamg==5.4.1'
attempt amgcl $pip pybind11 setuptools wheel 'pyamgcl==1.0.0.post4'

flags="-O3 -march=native -DNDEBUG -fopenmp -std=c++17"
attempt bandwidth g++ $flags "$here/cpp/bandwidth.cpp" -o "$home/bin/bandwidth"
attempt eigen g++ $flags -w -isystem /usr/include/eigen3 "$here/cpp/eigen_worker.cpp" -o "$home/bin/eigen_worker"
attempt "faer and kryst" env CARGO_TARGET_DIR="$home/target" cargo build --release -q --locked --manifest-path "$here/rust/Cargo.toml"

echo "peers are in $home${left_out:+; left out:$left_out}"
