"""Trains `mgnet` in three dimensions and writes it as ONNX.

    python3 -m venv env && env/bin/pip install -r models/training/mgnet/requirements.txt
    env/bin/python models/training/mgnet3d/train.py                  # writes models/onnx/mgnet3d.onnx

Nothing is read: problems are drawn from the seed, and the loss needs no labels. Of each problem the error
of x = 0 for a random right-hand side is known (from CG with the default rule), and the loss is the number
of iterations to 1e-8 that preconditioned CG would take at the rate of its first ten, as far as single
precision shows it. Every update sees its problems turned: directions exchanged and reversed at random.
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

OUT = Path(__file__).resolve().parents[2] / "onnx" / "mgnet3d.onnx"


def default(level):
    """The rule of `gmg`."""
    _, d, h, w, b = network.depth(level[0]).shape
    half, one = jnp.full((12, d, h, w, b), 0.5), jnp.ones((3, d, h, w, b))
    return network.coarser(level, half, one)


def preconditioner(batch, predict, numbers=()):
    """The cycle between corrections of islands; `numbers` are those of the coarser levels."""
    level = tuple(batch[k] for k in range(4))
    levels = cycle.hierarchy(level, predict, numbers)
    inner = lambda r: cycle.precondition(levels, r)
    return islands.around(inner, lambda u: cycle.product(cycle.operator(level), u), batch[5], batch[6])


@jax.jit
def errors(batch):
    """A^-1 b of each problem of a batch (7, z, y, x, b)."""
    level = tuple(batch[k] for k in range(4))
    x = cycle.solve(level, preconditioner(batch, default), batch[4], 40)
    return x / jnp.maximum(jnp.abs(x).max((0, 1, 2)), 1e-30)


def iterations(predict, batch, steps, numbers=()):
    """Of each problem of a batch (7, z, y, x, b): level, error, islands; `numbers` are those of the coarser levels."""
    level = tuple(batch[k] for k in range(4))
    e = cycle.conjugate_gradients(level, preconditioner(batch, predict, numbers), batch[4], steps)
    last = jnp.maximum((e > 1e-11).sum(0) - 1, 1)  # where single precision ends
    rate = -0.5 * jnp.log(jnp.take_along_axis(e, last[None], 0)[0]) / last
    return 8 * np.log(10) / jnp.maximum(rate, 0.05)


def batch_of(problems):
    return np.ascontiguousarray(np.stack(problems, -1))


def numbers_of(coarser, data, at=8):
    """The islands of all levels between the finest and the coarsest as they are now: arrays (problems, z, y, x)."""
    found = []
    for k in range(0, len(data), at):
        levels, level = [], tuple(batch_of(data[k : k + at, :4]))
        while level[0].shape[0] > 4:
            level = coarser(level)
            planes = [np.asarray(a).transpose(3, 0, 1, 2) for a in level]
            levels.append(np.stack([islands.find(p[:3], p[3], finest=False)[0] for p in zip(*planes)]).astype(np.int32))
        found.append(levels)
    return [np.concatenate(level) for level in zip(*found)]


def pool(seed, size, count, shares, batch):
    """Problems and the errors in the place of right-hand sides."""
    data, names = families.pool(seed, size, count, shares)
    for k in range(0, count, batch):
        some = data[k : k + batch]
        data[k : k + batch, 4] = np.asarray(errors(batch_of(some))).transpose(3, 0, 1, 2)
    # a problem that breaks single precision is left out
    fine = np.isfinite(data).all((1, 2, 3, 4))
    return data[fine], [n for n, f in zip(names, fine) if f]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = lambda name, default, about: parser.add_argument(name, default=default, type=type(default), help=about)
    add("--out", str(OUT), "the file")
    add("--updates", 2000, "of the weights; 0 exports them as they begin")
    add("--size", 32, "cells along a side, a power of two")
    add("--batch", 2, "problems of an update")
    add("--steps", 10, "of CG")
    add("--problems", 300, "that are drawn from")
    add("--rate", 6e-3, "of Adam, falling along a cosine")
    add("--seed", 1, "of everything")
    add("--report", 200, "updates between reports, after each of which the file is written")
    add("--shares", "masked=1,lognormal=1,binary=2,rough=4", "of the families")
    parser.add_argument("--constants", action="store_true", help="the control: the best constants, no network")
    parser.add_argument("--random", action="store_true", help="the control: random weights of full size, no training")
    a = parser.parse_args()
    shares = {k: float(v) for k, v in (s.split("=") for s in a.shares.split(","))}
    if a.constants and a.random:
        parser.error("--constants and --random: one control at a time")
    net = network.constants() if a.constants else network.initial(a.seed)
    if a.random:
        net["w3"] = 100 * net["w3"]
    started, cpu = time.time(), time.process_time()
    settings = {k: v for k, v in vars(a).items() if k != "out"}
    trained = {
        "on": f"3D masked Poisson, log-normal (sigma up to 3) and binary (contrast up to 1e4; rough: 2e4) diffusion, {a.size}^3",
        "settings": settings,
    }
    if a.random or a.updates == 0:
        export.level({k: np.asarray(v) for k, v in net.items()}, a.out, trained)
        return

    data, _ = pool(a.seed, a.size, a.problems, shares, a.batch)
    test, names = pool(a.seed + 1000, a.size, 32, shares, a.batch)
    print(f"{len(data)} problems, {time.time() - started:.0f} s", flush=True)

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
        numbers = islands_of(test)
        groups = [slice(k, k + a.batch) for k in range(0, len(test) - a.batch + 1, a.batch)]
        found = [grad(net, batch_of(test[g]), [batch_of(n[g]) for n in numbers])[1] for g in groups]
        found = np.concatenate([np.asarray(f) for f in found])
        mean = {n: float(found[[m == n for m in names[: len(found)]]].mean()) for n in shares}
        words = ", ".join(f"{n} {v:.2f}" for n, v in mean.items())
        print(f"{done:5} updates, {time.time() - started:4.0f} s, iterations on held-out problems: {words}", flush=True)
        return mean

    rng = np.random.default_rng(a.seed)
    first = report(0)
    skipped = 0
    for done in range(1, a.updates + 1):
        if (done - 1) % a.report == 0:
            numbers = islands_of(data)  # what is an island on a coarse level changes with the network
        # the network knows no turning: these islands are nearly those of the turned levels, and as good
        picks = [(k, families.turn(rng)) for k in rng.integers(len(data), size=a.batch)]
        some = batch_of([families.turned(turn, data[k]) for k, turn in picks])
        grads, _ = grad(net, some, [batch_of([families.turned_cells(turn, n[k]) for k, turn in picks]) for n in numbers])
        if all(bool(jnp.isfinite(g).all()) for g in jax.tree.leaves(grads)):
            net, state = update(grads, state, net)
        else:
            skipped += 1
        if done == 10:
            print(f"   10 updates, {time.time() - started:4.0f} s", flush=True)
        if done % a.report == 0 or done == a.updates:
            last = report(done)
            trained |= {
                "updates": done,
                "skipped": skipped,
                "seconds": round(time.time() - started),
                "processor_seconds": round(time.process_time() - cpu),
                "iterations_before": {k: round(v, 2) for k, v in first.items()},
                "iterations_after": {k: round(v, 2) for k, v in last.items()},
            }
            export.level({k: np.asarray(v) for k, v in net.items()}, a.out, trained)
    print(f"{a.out}: {Path(a.out).stat().st_size} bytes; {json.dumps(trained)}")


if __name__ == "__main__":
    main()
