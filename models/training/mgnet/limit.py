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
import network
from fields import gmg, predict, residuals, rough
from train import iterations

SIZE, MATRICES, SIDES, UPDATES = 64, 8, 24, 100


def drawn():
    """Conductances of each matrix in double precision; all of them and errors, batch last, in single."""
    planes, errors = [], []
    for seed in range(MATRICES):
        _, fine, _ = rough(SIZE, 1e3, 900 + seed)
        b = np.random.default_rng(seed).standard_normal((SIZE**2, SIDES))
        x = spla.splu(families.matrix(*fine)[0]).solve(b)
        planes.append(fine)
        errors.append((x / np.abs(x).max(0)).T.reshape(SIDES, SIZE, SIZE))
    return planes, np.array(planes, np.float32).transpose(1, 2, 3, 0), np.stack(errors, -1).astype(np.float32)


def rule(fields):
    """Outputs of each level, finest first, in the place of what a network says."""
    levels = iter(fields)
    return lambda level: network.activated(next(levels), level)


def main():
    planes, conductances, errors = drawn()
    sizes = [SIZE // 2**k for k in range(1, 10) if SIZE // 2**k >= 4]
    begin = jnp.asarray(network.start(), jnp.float32)[:, None, None, None]
    fields = [jnp.broadcast_to(begin, (network.OUTPUTS, n, n, MATRICES)) for n in sizes]
    hierarchy = jax.jit(lambda fields, level: cycle.hierarchy(level, rule(fields)))
    grad = jax.jit(jax.value_and_grad(lambda fields, batch: iterations(rule(fields), batch, 10).mean()))
    optimiser = optax.adam(optax.cosine_decay_schedule(0.1, UPDATES))
    state = optimiser.init(fields)

    def true(of):
        return [len(residuals(planes[k], of(k), 100 + k, 60)) - 1 for k in range(MATRICES)]

    level = lambda k: tuple(conductances[..., k : k + 1])
    own = lambda k: hierarchy([f[..., k : k + 1] for f in fields], level(k))
    print("gmg:", true(lambda k: cycle.hierarchy(level(k), predict(gmg))), flush=True)
    rng = np.random.default_rng(1)
    for done in range(UPDATES + 1):
        batch = np.concatenate([conductances, errors[rng.integers(SIDES)][None]])
        estimate, grads = grad(fields, batch)
        if done % 25 == 0:
            print(f"{done:4} updates: {float(estimate):.1f} by the estimate", flush=True)
        steps, state = optimiser.update(grads, state)
        fields = optax.apply_updates(fields, steps)
    print("own fields:", true(own))


if __name__ == "__main__":
    main()
