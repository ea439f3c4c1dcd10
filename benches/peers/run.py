#!/usr/bin/env python3
"""Runs ours and its peers on the same systems, in turns, and writes down what came out.

usage: run.py --table                 the speed table of BENCHMARKS.md (about six minutes)
       run.py [--threads 2]           every peer on every system
       run.py --stage solve --systems darcy_256 --only petsc,ours

Every measurement is a process of its own; the contenders of a group take turns (A B C A B C ...).
Each answer is read back and its residual |b - Ax| / |b| computed here, the same way for all. One
that misses 1e-8 is asked for more and run again until it does not; only then is its time kept.
What is already in the run's raw.jsonl is not measured again. Options and files: README.md.
"""
import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import scipy.io

import contenders
import report
from contenders import ROOT, Places, all_groups, environment, table_groups
from problems import default_data, ensure, read_sys

TARGET_RESIDUAL = 1e-8
SLACK = 1.001  # of the last digit: a residual of 1.0001e-8 is not another method


def shell(*argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


# ---- the machine -----------------------------------------------------------------------------

def machine():
    """What it is, without saying whose."""
    cpu = dict(re.findall(r"^\s*([^:\n]+):\s+(.*)$", shell("lscpu"), re.M))
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())
    return {
        "processor": cpu.get("Model name", platform.machine()),
        "family, model": f"{cpu.get('CPU family', '?')}, {cpu.get('Model', '?')}",
        "cores": os.cpu_count(),
        "caches": ", ".join(f"{k.split()[0]} {v}" for k, v in cpu.items() if re.match(r"L\d[di]? cache", k)),
        "memory": f"{int(memory.group(1)) / 2**20:.0f} GiB" if memory else "?",
        "virtual": "yes" if "Hypervisor vendor" in cpu else "no",
        "system": system.group(1) if system else platform.system(),
        "compilers": ", ".join(v.splitlines()[0] for v in (shell("rustc", "--version"), shell("g++", "--version")) if v),
    }


def default_run_dir(about):
    words = re.sub(r"[^a-z0-9]+", "-", f"{about['processor']} {about['cores']} cores".lower()).strip("-")
    return ROOT / "benches/runs" / f"{date.today()}-{words}"


# ---- one measurement -------------------------------------------------------------------------

def peak_mb(pid):
    """What a process has had resident at most; 0 when it is gone.

    (The kernel's own account at its end would include what this process had when it forked.)
    """
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found.group(1)) / 1024 if found else 0.0


def run_process(argv, env, timeout):
    """(exit status or None when stopped, stdout, stderr, processor seconds, peak MB)."""
    peak = 0.0
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(argv, stdout=out, stderr=err, env=env, start_new_session=True)
        end = time.monotonic() + timeout
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                break
            peak = max(peak, peak_mb(child.pid))
            if time.monotonic() > end:
                os.killpg(child.pid, signal.SIGKILL)
                _, _, usage = os.wait4(child.pid, 0)
                code = None
                break
            time.sleep(0.01)
        child.returncode = code if code is not None else -9  # reaped here, not by Popen
        text = []
        for f in (out, err):
            f.seek(0)
            text.append(f.read().decode(errors="replace"))
        return code, text[0], text[1], usage.ru_utime + usage.ru_stime, peak


def from_ours(answer, cpu):
    """The JSON of `resolvent solve` in the words of the workers.

    It tells wall time. The processor time of its process is shared out in proportion, and cannot
    exceed the wall time of a single thread.
    """
    seconds = answer["seconds"]
    threads = answer["threads"]
    share = min(1.0, cpu / (threads * max(seconds["total"], 1e-9)))
    spent = {k: {"wall": seconds[k], "cpu": seconds[k] * share * threads} for k in ("setup", "solve")}
    return dict(spent, iterations=answer["iterations"], finished_with=f"{answer['solver']}+{answer['precond']}")


class Runner:
    def __init__(self, places, data, run_dir, timeout):
        self.places, self.data, self.timeout = places, data, timeout
        self.raw = run_dir / "raw.jsonl"
        self.records = [json.loads(line) for line in self.raw.read_text().splitlines()] if self.raw.exists() else []
        self.out = Path(tempfile.mkdtemp(prefix="peers-")) / "x"
        self.system = (None, None, None)

    def residual(self, name, binary, path):
        if self.system[0] != name:
            self.system = (name, *read_sys(binary))
        _, a, b = self.system
        x = scipy.io.mmread(path).ravel() if path.suffix == ".mtx" else np.fromfile(path)
        if x.shape != b.shape:
            return float("nan")
        return float(np.linalg.norm(b - a @ x) / np.linalg.norm(b))

    def measure(self, c, rtol):
        """A record; `error` in it says why there is no more. None: the peer is absent."""
        files = ensure(c.system, self.data)
        out = self.out.with_suffix(".mtx" if c.peer == "ours" else ".bin")
        out.unlink(missing_ok=True)
        argv = self.places.command(c, files, rtol, out)
        if argv is None:
            return None
        code, stdout, stderr, cpu, peak = run_process(argv, environment(c), self.timeout)
        record = dict(zip(("stage", "system", "peer", "method", "threads"), c.key()), rtol=rtol,
                      peak_mb=None if argv[0] == self.places.mpirun else round(peak, 1), load=round(os.getloadavg()[0], 2))
        if code is None:
            return dict(record, error=f"more than {self.timeout:.0f} s")
        lines = [line for line in stdout.splitlines() if line.startswith("{")]
        if not lines or code not in (0, 1):
            said = (stderr.strip().splitlines() or ["no answer"])[-1]
            return dict(record, error=said.replace(str(ROOT), "").replace(str(self.data), "")[:160])
        answer = json.loads(lines[-1])
        if c.peer == "ours" and "seconds" in answer:
            record["peak_mb"] = round(answer["peak_rss_bytes"] / 2**20, 1)
            answer = from_ours(answer, cpu)
        record.update(answer)
        if c.stage == "solve":
            residual = self.residual(c.system, files[2], out) if out.exists() else float("nan")
            record["residual"] = residual if np.isfinite(residual) else None
        return record

    def keep(self, record):
        self.records.append(record)
        with self.raw.open("a") as f:
            f.write(json.dumps(record) + "\n")

    def of(self, c):
        return [r for r in self.records if (r["stage"], r["system"], r["peer"], r["method"], r["threads"]) == c.key()]

    def turn(self, c):
        """One kept measurement of c, or one that says why there is none."""
        rtol = next((r["rtol"] for r in reversed(self.of(c))), TARGET_RESIDUAL)
        for _ in range(6):
            record = self.measure(c, rtol)
            if record is None or "error" in record or c.stage != "solve":
                return record
            residual = record["residual"]
            if residual is not None and residual <= TARGET_RESIDUAL * SLACK:
                return record
            if residual is None or residual > 1e-2 or c.peer == "ours":
                break  # hopeless, or ours, which must keep its word
            rtol *= 0.8 * TARGET_RESIDUAL / residual
        return dict(record, error="not converged")


def describe(r):
    if r is None:
        return "absent"
    if "error" in r:
        return r["error"]
    clock = "cpu" if r["threads"] == 1 else "wall"
    parts = [f"{k} {1e3 * r[k][clock]:.3f} ms" for k in ("setup", "solve", "product", "apply", "read") if isinstance(r.get(k), dict)]
    if r["stage"] == "bandwidth":
        parts.append(f"read {r['read'] / 1e9:.1f} GB/s")
    parts += [f"{k} {r[k]:.3g}" for k in ("iterations", "residual") if r.get(k) is not None]
    return ", ".join(parts)


def parse():
    cli = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    cli.add_argument("--table", action="store_true", help="only what the speed table needs")
    cli.add_argument("--threads", type=int, default=1, help="of the comparison of all peers (default 1)")
    cli.add_argument("--stage", help="stages to run, comma-separated: spmv,read,solve,cg-iteration,ic0")
    cli.add_argument("--systems", help="systems to run on, comma-separated")
    cli.add_argument("--only", help="peers or methods to run, comma-separated parts of `peer method`")
    cli.add_argument("--rounds", type=int, default=3, help="measurements of each contender (default 3)")
    cli.add_argument("--timeout", type=float, default=40.0, help="seconds a process may take (default 40)")
    cli.add_argument("--slow", type=float, default=6.0,
                     help="without --table, what takes longer than this many seconds is measured once (default 6)")
    cli.add_argument("--data", type=Path, default=default_data(), help="directory of the systems")
    cli.add_argument("--home", type=Path, default=os.environ.get("PEERS_HOME"), help="where setup.sh put the peers")
    cli.add_argument("--target", type=Path, default=os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    cli.add_argument("--run-dir", type=Path, help="default benches/runs/DATE-MACHINE; an old one is continued")
    cli.add_argument("--no-build", action="store_true", help="take the binaries as they are")
    args = cli.parse_args()
    if args.home is None:
        args.home = Path(tempfile.gettempdir()) / "resolvent-peers"
    return args


def selected(args):
    groups = table_groups() if args.table or args.stage else all_groups(args.threads)
    if args.stage and not args.table:
        groups += all_groups(args.threads)
    wanted = lambda text, value: text is None or value in text.split(",")  # noqa: E731
    seen = set()
    for group in groups:
        kept = []
        for c in group:
            named = args.only is None or any(part in f"{c.peer} {c.method}" for part in args.only.split(","))
            stage = wanted(args.stage, "spmv" if c.stage == "bandwidth" else c.stage)
            if stage and wanted(args.systems, c.system) and named and c not in seen:
                kept.append(c)
                seen.add(c)
        if kept:
            yield kept


def main():
    args = parse()
    if not args.no_build:
        build = ["cargo", "build", "--release", "--example", "kernels_bench", "--bin", "resolvent"]
        env = dict(os.environ, CARGO_TARGET_DIR=str(Path(args.target).resolve()))
        if subprocess.run(build, cwd=ROOT, env=env).returncode:
            sys.exit("the build failed; --no-build measures what is there")
    about = machine()
    run_dir = args.run_dir or default_run_dir(about)
    run_dir.mkdir(parents=True, exist_ok=True)
    places = Places(args.home, Path(args.target).resolve())
    if places.kernels is None or places.resolvent is None:
        sys.exit(f"no release build of ours in {args.target}: run without --no-build")
    for gone in places.missing():
        print(f"absent: {gone}", flush=True)
    runner = Runner(places, args.data, run_dir, args.timeout)
    begin = time.monotonic()
    for group in selected(args):
        for turn in range(args.rounds):
            for c in group:
                before = runner.of(c)
                slow = not args.table and any(spent(r) > args.slow for r in before)
                if len(before) > turn or any("error" in r for r in before) or (before and slow):
                    continue
                record = runner.turn(c)
                if record is not None:
                    runner.keep(record)
                print(f"[{time.monotonic() - begin:5.0f} s] {c.label()}: {describe(record)}", flush=True)
    report.write(run_dir, runner.records, about)
    print((run_dir / "summary.md").read_text())


def spent(r):
    return sum(r[k]["wall"] for k in ("setup", "solve") if isinstance(r.get(k), dict))


if __name__ == "__main__":
    main()
