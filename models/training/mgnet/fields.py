"""Draws what a model says of a matrix, and how CG converges with it: the pictures of docs/methods/mgnet.md.

    env/bin/pip install matplotlib
    env/bin/python models/training/mgnet/train.py --updates 0 --out untrained.onnx
    env/bin/python models/training/mgnet/fields.py untrained.onnx

Writes mgnet-fields.svg and mgnet-convergence.svg.
"""

import argparse
from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib
import matplotlib.ticker

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np
from onnx.reference import ReferenceEvaluator

import cycle
import families
import network

ROOT = Path(__file__).resolve().parents[3]
precondition = jax.jit(cycle.precondition)
coarser = jax.jit(network.coarser)


def gmg(level):
    """The fields of the default rule."""
    h, w, _ = level[0].shape
    return np.concatenate([np.full((4, h // 2, w // 2), 0.5), np.ones((2, h // 2, w // 2))]).astype(np.float32)


def of(path):
    model = ReferenceEvaluator(str(path))
    ratios = jax.jit(lambda level: jnp.stack(network.ratios(level))[..., 0])
    return lambda level: model.run(None, {"ratios": np.asarray(ratios(level))[None]})[0][0]


def predict(say):
    """The coarser level, as `cycle.hierarchy` asks for it."""

    def rule(level):
        said = jnp.asarray(say(level))[..., None]
        return coarser(level, said[0:4], said[4:6])

    return rule


def hierarchy(level, rule):
    """With the islands of all levels between the finest and the coarsest."""
    numbers, coarse = [], level
    while coarse[0].shape[0] > 8:
        coarse = rule(coarse)
        east, north, link = (np.asarray(a)[..., 0] for a in coarse)
        found, _ = families.islands.find((east, north), link, finest=False)
        numbers.append(jnp.asarray(found[..., None], jnp.int32))
    return cycle.hierarchy(level, rule, numbers)


def rough(n, contrast, seed):
    """The kind of binary field of the tables: the coefficient, conductances in double and in single precision."""
    k = np.where(families.gaussian(np.random.default_rng(seed), n, 10.0, 2.0) > 0, contrast, 1.0) / contrast
    planes = families.faces(k, np.ones(4))
    return k, planes, tuple(jnp.asarray(a[..., None], jnp.float32) for a in planes)


def residuals(planes, levels, seed, steps):
    """Of CG from 0, random right-hand side: norms to the first, until 1e-8; double precision, the cycle single."""
    a, _ = families.matrix(*planes)
    shape = planes[0].shape + (1,)
    inner = lambda r: np.asarray(precondition(levels, r.reshape(shape).astype(np.float32)), float).ravel()
    m = families.islands.in_double(a, inner, planes[:2], planes[2])
    r = np.random.default_rng(seed).standard_normal(a.shape[0])
    z = m(r)
    p, norms = z, [np.linalg.norm(r)]
    while len(norms) <= steps and norms[-1] > 1e-8 * norms[0]:
        ap = a @ p
        r_new = r - (r @ z) / (p @ ap) * ap
        z_new = m(r_new)
        p = z_new + z_new @ (r_new - r) / (r @ z) * p
        r, z = r_new, z_new
        norms.append(np.linalg.norm(r))
    return np.array(norms) / norms[0]


def draw_fields(say, n, path):
    """Of the finest level, towards x: what the model says, and what `gmg` has there."""
    k, _, level = rough(n, 1e3, 3)
    conductance = {}
    figure, axes = plt.subplots(2, 4, figsize=(11.5, 5), layout="constrained")

    def panel(axis, image, title, low=None, high=None, colours="viridis"):
        shown = axis.imshow(image, origin="lower", extent=(0, n, 0, n), vmin=low, vmax=high, cmap=colours)
        axis.set(title=title, xticks=[], yticks=[])
        figure.colorbar(shown, ax=axis, shrink=0.8)

    for name, rule, row in (("mgnet", say, axes[0]), ("gmg", gmg, axes[1])):
        said = np.asarray(rule(level))
        rows = np.stack([said[0], said[1]], 1).reshape(n, n // 2)
        east = np.asarray(coarser(level, said[0:4, ..., None], said[4:6, ..., None])[0])[:, :-1, 0]
        conductance[name] = np.log10(np.maximum(east, 1e-12))
        panel(row[1], rows, f"{name}: positions along x", 0, 1)
        panel(row[2], said[4], f"{name}: factors along x", 0.3, 1.7)
        panel(row[3], conductance[name], f"{name}: coarse, log10", -6, 0, "cividis")
    panel(axes[0, 0], np.log10(k), "coefficient, log10", colours="Greys")
    change = conductance["mgnet"] - conductance["gmg"]
    panel(axes[1, 0], change, "coarse, mgnet to gmg, log10", -1, 1, "RdBu_r")
    save(figure, path)


def draw_convergence(models, n, path):
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", sharey=True)
    for axis, (contrast, steps) in zip(axes, ((1e3, 40), (1e6, 60))):
        _, planes, level = rough(n, contrast, 3)
        for name, say in models.items():
            norms = residuals(planes, hierarchy(level, predict(say)), 4, steps)
            count = len(norms) - 1 if norms[-1] <= 1e-8 else f"more than {steps}"
            axis.semilogy(norms, label=f"{name}: {count}")
        axis.set(title=f"binary 10^{np.log10(contrast):.0f}, {n} x {n} cells", xlabel="iterations", ylim=(3e-9, 30))
        axis.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
        axis.legend()
    axes[0].set_ylabel("residual to the first")
    save(figure, path)


def save(figure, path):
    figure.savefig(path, metadata={"Date": None})
    print(path, path.stat().st_size, "bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("others", nargs="*", help="files to draw curves of, too")
    parser.add_argument("--model", default=str(ROOT / "models/onnx/mgnet2d.onnx"))
    parser.add_argument("--out", default=str(ROOT / "docs/images"), help="a directory")
    a = parser.parse_args()
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "mgnet", "font.size": 9, "font.family": "sans-serif"})
    plt.rcParams["axes.titlesize"] = 9
    model = of(a.model)
    models = {"gmg": gmg, "mgnet": model} | {Path(p).stem: of(p) for p in a.others}
    draw_fields(model, 64, Path(a.out) / "mgnet-fields.svg")
    draw_convergence(models, 256, Path(a.out) / "mgnet-convergence.svg")


if __name__ == "__main__":
    main()
