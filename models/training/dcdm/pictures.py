"""Draws directions and errors of DCDM, and how it converges beside others: the pictures of docs/methods/dcdm.md.

    env/bin/pip install matplotlib onnxruntime
    env/bin/python models/training/dcdm/pictures.py --command target/release/resolvent

Writes dcdm-directions.svg and dcdm-convergence.svg; the curves are those of the command.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np
import scipy.io
import scipy.sparse.linalg as spla

import problems
import solve

ROOT = Path(__file__).resolve().parents[3]


def system(size, share, seed):
    rng = np.random.default_rng(seed)
    faces, link = problems.problem(rng, (size, size), share)
    a = problems.matrix(faces, link).tocsr()
    return faces, link, a, rng.uniform(-1, 1, link.size)


def draw_directions(model, faces, link, a, b, steps, path):
    """Above the error before each step, below the direction it takes; each with colours of its own scale."""
    exact = spla.spsolve(a.tocsc(), b)
    m = solve.Network(model, faces, link)
    errors, directions = [exact], []

    def watch(x, p):
        errors.append(exact - x)
        directions.append(p * np.sign(p @ (a @ errors[-2])))

    solve.dcdm(a, b, m, kept=2, most=steps, rtol=0, watch=watch)
    energy = np.array([np.sqrt(e @ (a @ e)) for e in errors])
    figure, axes = plt.subplots(2, steps + 1, figsize=(2.1 * steps + 2.1, 4.6), layout="constrained")

    def panel(axis, v, title):
        shown = np.ma.masked_array(v.reshape(link.shape), m.mask == 0)
        most = abs(shown).max()
        colours = plt.get_cmap("RdBu_r").with_extremes(bad="0.6")
        axis.imshow(shown, origin="lower", cmap=colours, vmin=-most, vmax=most, interpolation="nearest")
        axis.set(title=title, xticks=[], yticks=[])

    for k in range(steps + 1):
        panel(axes[0, k], errors[k], f"error {k}: {energy[k] / energy[0]:.1e}")
        if k < steps:
            panel(axes[1, k], directions[k], f"direction {k + 1}")
    axes[1, steps].axis("off")
    axes[1, steps].text(0.0, 0.5, "grey: obstacles\nnumbers: A-norm of the\nerror to the first", va="center")
    save(figure, path)


def history(command, a, b, grid, solver, precond, rtol):
    """Relative residuals of every iteration, by the command."""
    with tempfile.TemporaryDirectory() as folder:
        place = lambda name: str(Path(folder) / name)
        scipy.io.mmwrite(place("A.mtx"), a, symmetry="symmetric")
        scipy.io.mmwrite(place("b.mtx"), b[:, None])
        options = ["--rhs", place("b.mtx"), "--grid", grid, "--solver", solver, "--precond", precond]
        options += ["--rtol", str(rtol), "--history", place("h.csv"), "--quiet"]
        subprocess.run([command, "solve", place("A.mtx"), *options], check=False)
        table = np.genfromtxt(place("h.csv"), delimiter=",", names=True, dtype=None, encoding="ascii")
        return table["relative_residual"]


def draw_convergence(command, model, sizes, share, seed, path):
    network = f"onnx:{model},trials=false"
    rows = {
        "dcdm, k = 2": ("dcdm:directions=2", network),
        "dcdm, k = 0": ("dcdm:directions=0", network),
        "CG": ("cg", "none"),
        "CG, ic0": ("cg", "ic0"),
        "CG, gmg": ("cg", "gmg"),
    }
    figure, axes = plt.subplots(1, len(sizes), figsize=(5 * len(sizes), 3.6), layout="constrained", sharey=True)
    for axis, size in zip(axes, sizes):
        _, _, a, b = system(size, share, seed)
        most = 0
        for name, (solver, precond) in rows.items():
            norms = history(command, a, b, f"{size}x{size}", solver, precond, 1e-10)
            axis.semilogy(norms, label=f"{name}: {len(norms) - 1}")
            if name not in ("CG", "CG, ic0"):
                most = max(most, len(norms))
        title = f"{size} x {size} cells, obstacles on {share:.0%}"
        axis.set(title=title, xlabel="iterations", xlim=(0, 2.2 * most), ylim=(3e-11, 10))
        axis.legend(loc="upper right", title="iterations to 1e-10")
    axes[0].set_ylabel("residual to the first")
    save(figure, path)


def save(figure, path):
    figure.savefig(path, metadata={"Date": None})
    print(path, path.stat().st_size, "bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(ROOT / "models/onnx/dcdm2d.onnx"))
    parser.add_argument("--command", default=str(ROOT / "target/release/resolvent"))
    parser.add_argument("--out", default=str(ROOT / "docs/images"), help="a directory")
    a = parser.parse_args()
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "dcdm", "font.size": 9, "font.family": "sans-serif"})
    plt.rcParams["axes.titlesize"] = 9
    draw_directions(a.model, *system(64, 0.2, 31), 4, Path(a.out) / "dcdm-directions.svg")
    draw_convergence(a.command, a.model, (64, 128), 0.2, 31, Path(a.out) / "dcdm-convergence.svg")


if __name__ == "__main__":
    main()
