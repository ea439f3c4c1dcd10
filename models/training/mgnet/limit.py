"""What fields could do at all: the best ones of single matrices, free in every cell of every level.

    env/bin/python models/training/mgnet/limit.py

No network: each of 8 rough binary fields of 10^3 gets numbers of its own, within the bounds of the network and
by the loss of `train.py`, on random right-hand sides; counted are true iterations on one that is not among them.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import scipy.sparse.linalg as spla

import cycle
import families
import islands
import network
from fields import residuals, rough
from train import iterations, numbers_of

SIZE, MATRICES, SIDES, UPDATES = 64, 8, 24, 100


def drawn():
    """Conductances of each matrix in double precision; in single, levels and islands (6, y, x, matrix), with errors."""
    planes, errors, levels = [], [], np.zeros((6, SIZE, SIZE, MATRICES), np.float32)
    for seed in range(MATRICES):
        _, fine, _ = rough(SIZE, 1e3, 900 + seed)
        b = np.random.default_rng(seed).standard_normal((SIZE**2, SIDES))
        x = spla.splu(families.matrix(*fine)[0]).solve(b)
        planes.append(fine)
        errors.append((x / np.abs(x).max(0)).T.reshape(SIDES, SIZE, SIZE))
        levels[:3, ..., seed] = fine
        levels[4:, ..., seed] = islands.find(fine[:2], fine[2])
    return planes, levels, np.stack(errors, -1).astype(np.float32)


def rule(fields):
    """Outputs of each level, finest first, in the place of what a network says."""
    levels = iter(fields)
    return lambda level: network.activated(next(levels), level)


def main():
    planes, levels, errors = drawn()
    sizes = [SIZE // 2**k for k in range(1, 10) if SIZE // 2**k >= 4]
    begin = jnp.asarray(network.start(), jnp.float32)[:, None, None, None]
    fields = [jnp.broadcast_to(begin, (network.OUTPUTS, n, n, MATRICES)) for n in sizes]
    hierarchy = jax.jit(lambda fields, level, numbers: cycle.hierarchy(level, rule(fields), numbers))
    mean = lambda fields, batch, numbers: iterations(rule(fields), batch, 10, numbers).mean()
    grad = jax.jit(jax.value_and_grad(mean))
    optimiser = optax.adam(optax.cosine_decay_schedule(0.1, UPDATES))
    state = optimiser.init(fields)
    of = lambda k, arrays: [a[..., k : k + 1] for a in arrays]

    def true(fields, numbers):
        own = lambda k: hierarchy(of(k, fields), tuple(of(k, levels[:3])), of(k, numbers))
        return [len(residuals(planes[k], own(k), 100 + k, 60)) - 1 for k in range(MATRICES)]

    def islands_now():
        def coarser():
            says = rule(fields)
            return lambda level: says(tuple(map(jnp.asarray, level)))

        found = numbers_of(coarser(), np.ascontiguousarray(levels.transpose(3, 0, 1, 2)))
        return [n.transpose(1, 2, 0) for n in found]

    numbers = islands_now()
    print("gmg:", true(fields, numbers), flush=True)
    rng = np.random.default_rng(1)
    for done in range(UPDATES + 1):
        if done % 25 == 0:
            numbers = islands_now()
        levels[3] = errors[rng.integers(SIDES)]
        estimate, grads = grad(fields, levels, numbers)
        if done % 25 == 0:
            print(f"{done:4} updates: {float(estimate):.1f} by the estimate", flush=True)
        steps, state = optimiser.update(grads, state)
        fields = optax.apply_updates(fields, steps)
    print("own fields:", true(fields, islands_now()))


if __name__ == "__main__":
    main()
