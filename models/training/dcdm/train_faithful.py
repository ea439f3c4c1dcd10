"""Trains the network of the DCDM paper with its loss and its data, and writes it as ONNX.

    env/bin/python models/training/dcdm/train_faithful.py --dimensions 3    # models/onnx/dcdm3d-paper.onnx

The matrix is that of one empty box. Right-hand sides are sums of Ritz vectors, from Lanczos, with 9 times the weight
on the lower half. The loss is |b - alpha A q|^2, alpha = (q, b)/(q, Aq): no solution is needed. What differs
from the paper: a smaller box (and a smaller one yet to begin with), fewer Ritz vectors and updates at
a larger rate, and r is shown with an rms of 1, not a norm of 1, so that biases mean the same at all sizes.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

import export
import faithful
import ritz
from adam import Adam
from fcg import dot, product

OUT = Path(__file__).resolve().parents[2] / "onnx"


def stencil(shape):
    """Of the empty box, as `fcg.product` takes it."""
    d = len(shape)
    out = np.zeros((1, d + 1, *shape), np.float32)
    for axis in range(d):
        cut = lambda at: tuple(at if k == axis else slice(None) for k in range(d))
        out[0, axis][cut(slice(None, -1))] = 1
        out[0, d][cut(0)] += 2
        out[0, d][cut(-1)] += 2
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = lambda name, default, about: parser.add_argument(name, default=default, type=type(default), help=about)
    add("--out", "", "the file")
    add("--dimensions", 3, "2 or 3")
    add("--sizes", "16:400:400,32:1200:2000", "cells along a side: Ritz vectors: seconds of processor time; in this order")
    add("--batch", 10, "right-hand sides of an update")
    add("--rate", 2e-3, "of Adam, falling along a cosine")
    add("--seed", 1, "of everything")
    add("--begin", "", "a file to go on from, instead of random weights")
    add("--wall", 1e9, "seconds by the clock that each size may take: on a machine that others use")
    a = parser.parse_args()
    out = a.out or str(OUT / f"dcdm{a.dimensions}d-paper.onnx")

    began, history, before = time.process_time(), [], 0
    start_from = faithful.initial(a.seed, a.dimensions)
    if a.begin:
        start_from, trained = export.read_paper(a.begin, start_from)
        history, before = trained["stages"], trained["seconds"]
    net = {k: tf.Variable(v) for k, v in start_from.items()}
    weights = list(net.values())
    adam = Adam(weights)
    rng = np.random.default_rng(a.seed)

    def loss_of(cells, b):
        """The part of |b|^2 that one exact step leaves."""
        q = faithful.network(net, b)
        aq = product(tf.repeat(cells, b.shape[0], 0), q)
        alpha = dot(q, b) / (dot(q, aq) + 1e-30)
        rest = b - alpha * aq
        return dot(rest, rest) / dot(b, b)

    @tf.function
    def update(cells, b, rate, count):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(loss_of(cells, b))
        adam.step(tape.gradient(loss, weights), rate, count)
        return loss

    judge = tf.function(lambda cells, b: tf.reduce_mean(loss_of(cells, b)))

    def save():
        trained = {
            "on": f"the empty box of {history[-1]['cells']} cells, Ritz vectors with the lower half emphasised",
            "settings": {k: v for k, v in vars(a).items() if k not in ("out", "begin")},
            "seconds": round(before + time.process_time() - began),
            "stages": history,
        }
        export.paper({k: v.numpy() for k, v in net.items()}, out, trained)
        print(f"{out}: {Path(out).stat().st_size} bytes; {json.dumps(trained)}", flush=True)

    count = 0
    for stage in a.sizes.split(","):
        n, vectors, seconds = [int(v) for v in stage.split(":")]
        shape = (n,) * a.dimensions
        values, basis = ritz.lanczos(ritz.box(shape), vectors, a.seed)
        cells = stencil(shape)
        scale = np.float32(np.sqrt(n**a.dimensions))
        draw = lambda rng, size: (scale * ritz.sides(rng, basis, size)).reshape(size, *shape)
        held = draw(np.random.default_rng(a.seed + 1000), 10)
        start, clock = time.process_time(), time.time()
        ends = f"{values[0]:.4f} to {values[-1]:.4f}"
        print(f"{shape}: {len(values)} Ritz values from {ends}, {start - began:.0f} s", flush=True)
        history.append({"cells": n**a.dimensions, "ritz": len(values), "updates": 0})
        mean = None
        spent = lambda: max((time.process_time() - start) / seconds, (time.time() - clock) / a.wall)
        while (part := spent()) < 1:
            count += 1
            history[-1]["updates"] += 1
            fall = 0.5 * (1 + np.cos(np.pi * part)) + 0.005
            loss = float(update(cells, draw(rng, a.batch), np.float32(a.rate * min(count / 50, fall)), np.float32(count)))
            mean = loss if mean is None else 0.98 * mean + 0.02 * loss
            if history[-1]["updates"] % 25 == 0:
                seen = float(judge(cells, held))
                used = time.process_time() - start
                print(f"{count:5} updates, {used:5.0f} s, loss {mean:.4f}, held out {seen:.4f}", flush=True)
            if history[-1]["updates"] % 100 == 0:
                save()
        history[-1]["loss"] = round(float(judge(cells, held)), 4)
    save()


if __name__ == "__main__":
    main()
