"""Trains `mgnet` and writes it as ONNX.

    python3 -m venv env && env/bin/pip install -r models/training/mgnet/requirements.txt
    env/bin/python models/training/mgnet/train.py                    # writes models/onnx/mgnet2d.onnx

Nothing is read: problems are drawn from the seed, and the loss needs no labels. Of each problem the error
of x = 0 for a random right-hand side is known (from a direct solve), and the loss is the number of
iterations to 1e-8 that preconditioned CG would take at the rate of its first ten, as far as single
precision shows it.
"""

import argparse
import json
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

import cycle
import export
import families
import islands
import network

OUT = Path(__file__).resolve().parents[2] / "onnx" / "mgnet2d.onnx"


def iterations(predict, batch, steps, numbers=()):
    """Of each problem of a batch (6, y, x, b): level, error, islands; `numbers` are those of the coarser levels."""
    level = tuple(batch[k] for k in range(3))
    levels = cycle.hierarchy(level, predict, numbers)
    inner = lambda r: cycle.precondition(levels, r)
    m = islands.around(inner, lambda u: cycle.product(cycle.operator(level), u), batch[4], batch[5])
    e = cycle.conjugate_gradients(level, m, batch[3], steps)
    last = jnp.maximum((e > 1e-11).sum(0) - 1, 1)  # where single precision ends
    rate = -0.5 * jnp.log(jnp.take_along_axis(e, last[None], 0)[0]) / last
    return 8 * np.log(10) / jnp.maximum(rate, 0.05)


def batch_of(data):
    return np.ascontiguousarray(data.transpose(1, 2, 3, 0))


def numbers_of(coarser, data, at=128):
    """The islands of all levels between the finest and the coarsest as they are now: arrays (problems, y, x)."""
    found = []
    for k in range(0, len(data), at):
        levels, level = [], tuple(batch_of(data[k : k + at, :3]))
        while level[0].shape[0] > 8:
            level = coarser(level)
            planes = [np.asarray(a).transpose(2, 0, 1) for a in level]
            levels.append(np.stack([islands.find(p[:2], p[2], finest=False)[0] for p in zip(*planes)]).astype(np.int32))
        found.append(levels)
    return [np.concatenate(level) for level in zip(*found)]


def picked(data, numbers, picks):
    """A batch, and the islands of its coarser levels."""
    return batch_of(data[picks]), [np.ascontiguousarray(n[picks].transpose(1, 2, 0)) for n in numbers]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = lambda name, default, about: parser.add_argument(name, default=default, type=type(default), help=about)
    add("--out", str(OUT), "the file")
    add("--updates", 1000, "of the weights; 0 exports them as they begin")
    add("--size", 64, "cells along a side")
    add("--batch", 8, "problems of an update")
    add("--steps", 10, "of CG")
    add("--problems", 2000, "that are drawn from")
    add("--width", 16, "channels of the network")
    add("--rate", 6e-3, "of Adam, falling along a cosine")
    add("--seed", 1, "of everything")
    add("--report", 200, "updates between reports, after each of which the file is written")
    add("--shares", "masked=1,lognormal=1,binary=2,rough=4", "of the families")
    parser.add_argument("--constants", action="store_true", help="the control: the best constants, no network")
    a = parser.parse_args()
    shares = {k: float(v) for k, v in (s.split("=") for s in a.shares.split(","))}

    started, cpu = time.time(), time.process_time()
    data, _ = families.pool(a.seed, a.size, a.problems, shares)
    test, names = families.pool(a.seed + 1000, a.size, 96, shares)
    net = network.constants() if a.constants else network.initial(a.seed, a.width)

    def loss(net, batch, numbers):
        found = iterations(lambda fine: network.predict(net, fine), batch, a.steps, numbers)
        return found.mean(), found

    coarser = jax.jit(network.predict)
    islands_of = lambda data: numbers_of(lambda fine: coarser(net, fine), data)

    # compiling it takes minutes: once, for reports too
    grad = jax.jit(jax.grad(loss, has_aux=True))
    schedule = optax.warmup_cosine_decay_schedule(a.rate / 20, a.rate, max(a.updates // 20, 1), max(a.updates, 2))
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule))
    state = optimiser.init(net)

    @jax.jit
    def update(grads, state, net):
        steps, state = optimiser.update(grads, state)
        return optax.apply_updates(net, steps), state

    def report(done):
        groups = np.arange(len(test) // a.batch * a.batch).reshape(-1, a.batch)
        numbers = islands_of(test)
        found = np.concatenate([np.asarray(grad(net, *picked(test, numbers, k))[1]) for k in groups])
        mean = {n: float(found[[m == n for m in names[: len(found)]]].mean()) for n in shares}
        words = ", ".join(f"{n} {v:.2f}" for n, v in mean.items())
        print(f"{done:5} updates, {time.time() - started:4.0f} s, iterations on held-out problems: {words}", flush=True)
        return mean

    rng = np.random.default_rng(a.seed)
    first = None
    for done in range(a.updates + 1):
        if done % a.report == 0 or done == a.updates:
            last = report(done)
            first = first or last
            trained = {
                "on": "2D masked Poisson, log-normal (sigma up to 3) and binary (contrast up to 1e3; rough: 2e4) diffusion, 64 x 64",
                "settings": {k: v for k, v in vars(a).items() if k != "out"},
                "updates": done,
                "seconds": round(time.time() - started),
                "processor_seconds": round(time.process_time() - cpu),
                "iterations_before": {k: round(v, 2) for k, v in first.items()},
                "iterations_after": {k: round(v, 2) for k, v in last.items()},
            }
            export.level({k: np.asarray(v) for k, v in net.items()}, a.out, trained)
        if done == a.updates:
            break
        if done % a.report == 0:
            numbers = islands_of(data)  # what is an island on a coarse level changes with the network
        grads, _ = grad(net, *picked(data, numbers, rng.integers(len(data), size=a.batch)))
        # a problem that breaks single precision is left out
        if all(bool(jnp.isfinite(g).all()) for g in jax.tree.leaves(grads)):
            net, state = update(grads, state, net)
    print(f"{a.out}: {Path(a.out).stat().st_size} bytes; {json.dumps(trained)}")


if __name__ == "__main__":
    main()
