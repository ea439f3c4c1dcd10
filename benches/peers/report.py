#!/usr/bin/env python3
"""Tables of a run, losses included.

usage: report.py RUN_DIR         writes summary.md (and README.md, if run.py gave the machine)

Times are medians over the measurements of a run: processor time for one thread, wall time for more.
"""
import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

from contenders import IC0_SYSTEMS, SPMV_SYSTEMS

SIZES = {"poisson2d_1024": (1048576, 5238784), "poisson3d_100": (1000000, 6940000)}


class Run:
    """Medians by (stage, system, "peer method", threads)."""

    def __init__(self, records):
        self.records = defaultdict(list)
        for r in records:
            name = r["peer"] if r["method"] == "-" else f"{r['peer']} {r['method']}"
            self.records[r["stage"], r["system"], name, r["threads"]].append(r)

    def good(self, *key):
        return [r for r in self.records.get(key, []) if "error" not in r]

    def time(self, part, stage, system, name, threads):
        """Median seconds of `part` (a key, or several added up), or None."""
        clock = "cpu" if threads == 1 else "wall"
        parts = (part,) if isinstance(part, str) else part
        times = [sum(r[p][clock] for p in parts) for r in self.good(stage, system, name, threads)]
        return median(times) if times else None

    def total(self, system, name, threads):
        return self.time(("setup", "solve"), "solve", system, name, threads)

    def value(self, field, *key):
        values = [r[field] for r in self.good(*key) if r.get(field) is not None]
        return median(values) if values else None

    def names(self, stage, system, threads):
        return [n for s, p, n, t in self.records if (s, p, t) == (stage, system, threads)]

    def iteration(self, system, name, threads):
        t = self.time("solve", "cg-iteration", system, name, threads)
        done = self.value("iterations", "cg-iteration", system, name, threads)
        return t / done if t and done else None


def ratio(a, b):
    return a / b if a and b else None


def best(pairs):
    """(name, seconds) of the fastest that was measured."""
    there = [(n, t) for n, t in pairs if t]
    return min(there, key=lambda p: p[1]) if there else (None, None)


def fmt(value, pattern="{:.2f}", absent="absent"):
    return absent if value is None else pattern.format(value)


def verdict(value, must, aim, at_least):
    """`must`, `aim` or `missed`; None where there is no such bound."""
    if value is None:
        return "not measured"
    reached = (lambda v, bound: v >= bound) if at_least else (lambda v, bound: v <= bound)
    if aim is not None and reached(value, aim):
        return "aim"
    if must is not None and reached(value, must):
        return "must"
    return "**missed**" if must is not None else "**aim missed**"


def bound(value, at_least):
    return "" if value is None else f"{'≥' if at_least else '≤'} {value:g}×"


def speed_rows(run):
    """(what, detail, value, must, aim, whether larger is better)."""
    rows = []
    for p in SPMV_SYSTEMS:
        t = {n: run.time("product", "spmv", p, n, 1) for n in ("ours", "faer", "scipy", "petsc", "eigen")}
        detail = ", ".join(f"{n} {fmt(v and 1e3 * v)} ms" for n, v in t.items())
        name, fastest = best([(n, v) for n, v in t.items() if n != "ours"])
        rows.append((f"SpMV {p}, 1 thread, speed over faer", detail, ratio(t["faer"], t["ours"]), 1.1, None, True))
        rows.append((f"SpMV {p}, 1 thread, speed over the best ({name})", "", ratio(fastest, t["ours"]), None, 1.25, True))
    for p in SPMV_SYSTEMS:
        n, nnz = SIZES[p]
        t = run.time("product", "spmv", p, "ours", 2)
        read = run.value("read", "bandwidth", p, "machine", 2)
        # Rows in runs need no columns: what moves is values and vectors. Judged by CSR's bytes, memory would seem outrun.
        csr, moved = 12 * nnz + 4 * (n + 1) + 16 * n, 8 * nnz + 16 * n
        nominal = ratio(csr, t and read and t * read)
        detail = f"{fmt(t and 1e3 * t)} ms; memory reads {fmt(read and read / 1e9, '{:.1f}')} GB/s; {fmt(nominal)} of it by the bytes of plain CSR"
        what = f"SpMV {p}, 2 threads, part of read bandwidth by the bytes moved"
        rows.append((what, detail, ratio(moved, t and read and t * read), 0.70, 0.85, True))
    for p in SPMV_SYSTEMS:
        one = run.iteration(p, "ours cg+jacobi", 1)
        for threads in (1, 2):
            t = {n: run.iteration(p, f"{n} cg+jacobi", threads) for n in ("ours", "petsc", "eigen")}
            name, fastest = best([(n, v) for n, v in t.items() if n != "ours"])
            detail = ", ".join(f"{n} {fmt(v and 1e3 * v)} ms" for n, v in t.items())
            rows.append((f"CG+Jacobi iteration {p}, {threads} thread{'s' * (threads > 1)}, over the best ({name})",
                         detail, ratio(t["ours"], fastest), 1.0, 0.85, False))
        two = run.iteration(p, "ours cg+jacobi", 2)
        rows.append((f"CG+Jacobi iteration {p}, ours 2 threads over 1", "", ratio(two, one), None, 0.55, False))
    rows += solve_rows(run, IC0_SYSTEMS, "ours cg+ic0", "petsc cg+icc0")
    apply, product = (run.time(k, "ic0", "poisson2d_300", "ours", 1) for k in ("apply", "product"))
    detail = f"{fmt(apply and 1e3 * apply, '{:.3f}')} ms against {fmt(product and 1e3 * product, '{:.3f}')} ms"
    rows.append(("IC(0) apply over SpMV, 2D 300²", detail, ratio(apply, product), 1.3, 1.1, False))
    rows += solve_rows(run, ["convdiff_256"], "ours bicgstab+ilu0", "petsc bcgs+ilu0")
    for threads in (2, 1):
        ours, scipy = (run.time("read", "read", "poisson3d_100", n, threads) for n in ("ours", "scipy mmread"))
        detail = f"ours {fmt(ours and 1e3 * ours, '{:.0f}')} ms, SciPy {fmt(scipy and 1e3 * scipy, '{:.0f}')} ms"
        must, aim = (1.2, 2.0) if threads == 2 else (None, None)
        rows.append((f"Matrix Market read, {threads} thread{'s' * (threads > 1)}, speed over SciPy", detail, ratio(scipy, ours), must, aim, True))
    key = ("read-memory", "poisson3d_100", "ours", 2)
    csr, peak, allocated = (run.value(k, *key) for k in ("csr_mb", "growth_mb", "allocated_mb"))
    scipy = run.value("growth_mb", "read", "poisson3d_100", "scipy mmread", 2)
    detail = f"CSR {fmt(csr, '{:.0f}')} MB, allocated {fmt(allocated, '{:.0f}')} MB; SciPy {fmt(scipy, '{:.0f}')} MB"
    rows.append(("Matrix Market read, peak allocated over the CSR", detail, ratio(allocated, csr), None, 2.2, False))
    detail = f"{fmt(peak, '{:.0f}')} MB, pages of the mapped file included, which the system may drop"
    rows.append(("Matrix Market read, peak resident over the CSR", detail, ratio(peak, csr), None, 2.2, False))
    return rows


def solve_rows(run, systems, ours, peer):
    rows = []
    for p in systems:
        o = {t: run.total(p, ours, t) for t in (1, 2)}
        q = {t: run.total(p, peer, t) for t in (1, 2)}
        iters = [run.value("iterations", "solve", p, name, 1) for name in (ours, peer)]
        detail = f"{fmt(o[1], '{:.3f}')} s ({fmt(iters[0], '{:.0f}')} it) against {fmt(q[1], '{:.3f}')} s ({fmt(iters[1], '{:.0f}')} it)"
        rows.append((f"{ours[5:]} {p} over {peer}, 1 thread", detail, ratio(o[1], q[1]), 1.0, 0.6, False))
        detail = f"{fmt(o[2], '{:.3f}')} s against {fmt(q[1], '{:.3f}')} s"
        rows.append((f"{ours[5:]} {p}, 2 threads, over {peer} on 1", detail, ratio(o[2], q[1]), None, 0.4, False))
        detail = f"against {fmt(q[2], '{:.3f}')} s (block Jacobi of it)"
        rows.append((f"{ours[5:]} {p}, 2 threads, over {peer} on 2 ranks", detail, ratio(o[2], q[2]), 1.0, None, False))
    return rows


def speed_table(run):
    lines = ["| what | ratio | must | aim | reached | medians |", "|---|---|---|---|---|---|"]
    for what, detail, value, must, aim, at_least in speed_rows(run):
        reached = verdict(value, must, aim, at_least) if must or aim else ""
        lines.append(f"| {what} | {fmt(value, '{:.2f}×')} | {bound(must, at_least)} | {bound(aim, at_least)} | {reached} | {detail} |")
    return lines


def solve_tables(run):
    lines = []
    for stage, system, threads in dict.fromkeys((s, p, t) for s, p, _, t in run.records):
        if stage != "solve":
            continue
        rows, failed = [], []
        for name in run.names("solve", system, threads):
            key = ("solve", system, name, threads)
            total = run.total(system, name, threads)
            if total is None:
                failed.append((name, run.records[key][0].get("error", "?")))
                continue
            with_ = run.good(*key)[-1].get("finished_with")
            rows.append((total, name + (f" ({with_})" if name.endswith("auto") and with_ else ""), key))
        rows.sort()
        mine = min((t for t, n, _ in rows if n.startswith("ours")), default=None)
        theirs = min((t for t, n, _ in rows if not n.startswith("ours")), default=None)
        lines += ["", f"### {system}, {threads} thread{'s' * (threads > 1)}", ""]
        if mine and theirs:
            lines += [f"Our fastest over the fastest peer: {mine / theirs:.2f}×" + (" (**a loss**)" if mine > theirs else "") + ".", ""]
        lines += ["| method | total s | over the fastest | set-up s | solve s | wall s | iterations | residual | peak MB | runs |",
                  "|---|---|---|---|---|---|---|---|---|---|"]
        for total, name, key in rows:
            wall = median(r["setup"]["wall"] + r["solve"]["wall"] for r in run.good(*key))
            lines.append(f"| {name} | {total:.4f} | {total / rows[0][0]:.2f} | {run.time('setup', *key):.4f} | {run.time('solve', *key):.4f} | {wall:.4f} "
                         f"| {run.value('iterations', *key):.0f} | {run.value('residual', *key):.1e} | {fmt(run.value('peak_mb', *key), '{:.0f}', '-')} | {len(run.good(*key))} |")
        lines += [f"| {name} | - | - | - | - | - | - | {why} | - | - |" for name, why in failed]
    return lines


def write(run_dir, records, about=None):
    run = Run(records)
    loads = [r["load"] for r in records]
    lines = ["# Summary", "",
             "Medians; processor time for one thread, wall time for more. `peak MB` is of the whole process, its interpreter included, as sampled; it is not taken for several ranks.", ""]
    if loads:
        lines += [f"Load average while it ran: {min(loads):.1f} to {max(loads):.1f}, median {median(loads):.1f}.", ""]
    lines += ["## Speed table", ""] + speed_table(run) + ["", "## Solves"] + solve_tables(run)
    (run_dir / "summary.md").write_text("\n".join(lines) + "\n")
    if about:
        lines = [f"# {run_dir.name}", "", "Written by `benches/peers/run.py`; every measurement is a line of `raw.jsonl`.", ""]
        lines += [f"- {k}: {v}" for k, v in about.items()]
        (run_dir / "README.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    directory = Path(sys.argv[1])
    write(directory, [json.loads(line) for line in (directory / "raw.jsonl").read_text().splitlines()])
    print((directory / "summary.md").read_text())
