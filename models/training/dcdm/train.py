"""Trains the scale-equivariant variant of DCDM and writes it as ONNX.

    python3 -m venv env && env/bin/pip install -r models/training/dcdm/requirements.txt
    env/bin/python models/training/dcdm/train.py --dimensions 2      # models/onnx/dcdm2d.onnx
    env/bin/python models/training/dcdm/train.py --dimensions 3      # models/onnx/dcdm3d.onnx

Problems are drawn from the seed. The loss of a problem is the number of iterations to 1e-6 at the rate of a
few steps of the solver, through which it differentiates. They begin with errors of noise as right-hand
sides or, every other time, where the last visit to the problem ended: the network is trained on the residuals that
it leaves.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

import equivariant
import export
import problems
from adam import Adam
from fcg import fcg

OUT = Path(__file__).resolve().parents[2] / "onnx"
STARTS = 4  # errors to begin with


class Pool:
    """Problems of one size, and the errors that the network left."""

    def __init__(self, seed, shape, count, batch):
        self.stencils, self.geometry, self.start = problems.pool(seed, shape, count)
        self.left, self.visits, self.batch = self.start[:, 0].copy(), np.zeros(count, int), batch

    def draw(self, rng):
        self.at = rng.choice(len(self.left), self.batch, replace=False)
        fresh = (rng.random(self.batch) < 0.5) | (self.visits[self.at] > 5)
        self.visits[self.at[fresh]] = 0
        begin = self.start[self.at, rng.integers(0, STARTS, self.batch)]
        wide = fresh.reshape(-1, *[1] * (begin.ndim - 1))
        return self.stencils[self.at], self.geometry[self.at], np.where(wide, begin, self.left[self.at])

    def keep(self, e, energy):
        e /= np.sqrt(np.maximum(energy, 1e-30)).reshape(-1, *[1] * (e.ndim - 1))
        good = np.isfinite(e).all(tuple(range(1, e.ndim)))
        self.left[self.at[good]] = e[good]
        self.visits[self.at] += 1


def iterations(energy):
    """To 1e-6, from (e, A e) of each step; a straight line where they would be more than 70."""
    steps = energy.shape[0] - 1
    rate = 0.5 * (tf.math.log(energy[0] + 1e-30) - tf.math.log(energy[-1] + 1e-30)) / steps
    least = 0.2
    return 6 * np.log(10) * (1 / tf.maximum(rate, least) + tf.maximum(least - rate, 0.0) / least**2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = lambda name, default, about: parser.add_argument(name, default=default, type=type(default), help=about)
    add("--out", "", "the file")
    add("--dimensions", 2, "2 or 3")
    add("--seconds", 600.0, "of processor time; 0 exports the weights as they begin")
    add("--wall", 1e9, "seconds by the clock at most: on a machine that others use")
    add("--steps", 4, "of the solver in the loss")
    add("--sizes", "32:24:300,64:8:250,256:1:8", "cells along a side: problems of an update: problems in all")
    add("--shares", "0.2,0.65,0.15", "of the updates, by size; at first the smallest alone")
    add("--levels", 7, "of the network")
    add("--width", 16, "channels")
    add("--rate", 3e-3, "of Adam, falling along a cosine")
    add("--seed", 1, "of everything")
    a = parser.parse_args()
    out = a.out or str(OUT / f"dcdm{a.dimensions}d.onnx")

    sizes = [[int(v) for v in s.split(":")] for s in a.sizes.split(",")]
    shape = lambda n: (n,) * a.dimensions
    pools = [Pool(a.seed + k, shape(n), count, batch) for k, (n, batch, count) in enumerate(sizes)]
    tests = [problems.pool(a.seed + 1000 + k, shape(n), max(2 * batch, 4)) for k, (n, batch, _) in enumerate(sizes)]
    print(f"problems drawn in {time.process_time():.0f} s", flush=True)
    net = {k: tf.Variable(v, name=k) for k, v in equivariant.initial(a.seed, a.dimensions, a.width).items()}
    weights = list(net.values())
    adam = Adam(weights)

    def run(stencil, geometry, e, steps):
        # to a single cell on the small ones
        g = equivariant.gates(net, geometry, min(a.levels, e.shape[1].bit_length()))
        return fcg(stencil, lambda r: equivariant.network(net, g, r), e, steps)

    @tf.function
    def update(stencil, geometry, e, rate, count):
        with tf.GradientTape() as tape:
            e, energy = run(stencil, geometry, e, a.steps)
            loss = tf.reduce_mean(iterations(energy))
        adam.step(tape.gradient(loss, weights), rate, count)
        return e, energy[-1], loss

    @tf.function
    def judge(stencil, geometry, e):
        return iterations(run(stencil, geometry, e, 8)[1])

    def report(done):
        found = []
        for (n, batch, _), (stencil, geometry, start) in zip(sizes, tests):
            count = [
                judge(stencil[k : k + batch], geometry[k : k + batch], start[k : k + batch, 0])
                for k in range(0, len(start), batch)
            ]
            found.append(round(float(np.concatenate(count).mean()), 2))
        words = ", ".join(f"{n}: {v}" for (n, _, _), v in zip(sizes, found))
        used = time.process_time() - began
        print(f"{done:5} updates, {used:5.0f} s, held out, iterations to 1e-6: {words}; loss {mean:.2f}", flush=True)
        return dict(zip([str(n) for n, _, _ in sizes], found))

    def save(path, done):
        trained = {
            "on": f"masked Poisson, {a.dimensions}D, obstacles on up to 35 % of the cells",
            "settings": {k: v for k, v in vars(a).items() if k != "out"},
            "seconds": round(time.process_time() - began),
            "updates": done,
            "iterations_before": before,
            "iterations_after": report(done) if done else before,
        }
        export.equivariant({k: v.numpy() for k, v in net.items()}, path, a.levels, trained)
        print(f"{path}: {Path(path).stat().st_size} bytes; {json.dumps(trained)}", flush=True)

    rng = np.random.default_rng(a.seed)
    shares = np.array([float(s) for s in a.shares.split(",")])
    began, clock, mean, done = time.process_time(), time.time(), 0.0, 0
    before = report(0)
    saved = 0
    spent = lambda: max((time.process_time() - began) / max(a.seconds, 1e-9), (time.time() - clock) / a.wall)
    while (part := spent()) < 1:
        done += 1
        rate = a.rate * min(done / 50, 0.5 * (1 + np.cos(np.pi * part)) + 0.002)
        small = max(0.0, 1 - part / 0.35)
        p = small * np.eye(len(pools))[0] + (1 - small) * shares / shares.sum()
        at = pools[rng.choice(len(pools), p=p)]
        e, energy, loss = update(*at.draw(rng), np.float32(rate), np.float32(done))
        at.keep(e.numpy(), energy.numpy())
        mean = float(loss) if done == 1 else 0.98 * mean + 0.02 * float(loss)
        if done % 200 == 0:
            report(done)
        if part - saved > 0.3:
            saved = part
            save(out, done)
    save(out, done)


if __name__ == "__main__":
    main()
