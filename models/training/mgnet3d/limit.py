"""What fields could do at all in a box: the best positions and factors of single matrices, free in every cell.

    env/bin/python models/training/mgnet3d/limit.py 32 1000

No network: each of 4 rough binary fields gets numbers of its own, by the loss of `train.py`, on random
right-hand sides; counted are true iterations to 1e-8 on one that is not among them. Positions may be anything in
(0, 1).
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax

import families
import network
import train
from spectrum import matrix

jax.config.update("jax_enable_x64", False)
MATRICES, SIDES, UPDATES, STEPS = 4, 16, 300, 10


def drawn(size, contrast):
    """(7, z, y, x, b); and errors of random right-hand sides, SIDES of them, in the place of the fifth."""
    rng, problems = np.random.default_rng(777), []
    for _ in range(MATRICES):
        high = families.gaussian(rng, size, 10.0, 2.0) > 0
        problem = families.with_right_hand_side(rng, families.faces(np.where(high, contrast, 1.0), np.ones(6)))
        problems.append([*problem, *families.islands.find(problem[:3], problem[3])])
    data = train.batch_of(np.array(problems, np.float32))
    sides = []
    for _ in range(SIDES):
        data[4] = rng.standard_normal(data[4].shape)
        sides.append(np.asarray(train.errors(data)))
    return data, sides


def rule(fields):
    """Outputs of each level, finest first, in the place of what a network says."""
    levels = iter(fields)

    def predict(level):
        own = next(levels)
        return network.coarser(level, jax.nn.sigmoid(own[:12]), jnp.exp(jnp.tanh(own[12:])))

    return predict


def islands_now(data, fields):
    """Those of the coarser levels."""
    says = rule(fields)
    problems = np.ascontiguousarray(data.transpose(4, 0, 1, 2, 3))
    return [train.batch_of(n) for n in train.numbers_of(lambda level: says(tuple(map(jnp.asarray, level))), problems)]


def true_iterations(data, fields):
    """Of all matrices at once, in double precision around the cycle in single."""
    shape = data[4].shape
    numbers = islands_now(data, fields)
    apply = jax.jit(lambda r: train.preconditioner(data, rule(fields), numbers)(r))
    matrices = [matrix(data[:4, ..., k])[0] for k in range(MATRICES)]
    r = np.random.default_rng(5).standard_normal((matrices[0].shape[0], MATRICES))
    bound, p, rz, found = 1e-8 * np.linalg.norm(r, axis=0), 0, 1, np.zeros(MATRICES, int)
    last = r
    for k in range(1, 200):
        size = np.linalg.norm(r, axis=0)
        z = size * np.asarray(apply((r / size).reshape(shape).astype(np.float32)), float).reshape(r.shape)
        before, rz = rz, (r * z).sum(0)
        p = z + (z * (r - last)).sum(0) / before * p if k > 1 else z
        q = np.stack([a @ p[:, i] for i, a in enumerate(matrices)], -1)
        last, r = r, r - rz / (p * q).sum(0) * q
        found[(found == 0) & (np.linalg.norm(r, axis=0) < bound)] = k
        if found.all():
            break
    return found


def main():
    size, contrast = int(sys.argv[1]), float(sys.argv[2])
    data, sides = drawn(size, contrast)
    sizes = [size // 2**k for k in range(1, 10) if size // 2**k >= 1 and size // 2 ** (k - 1) > 2]
    fields = [jnp.zeros((15, n, n, n, MATRICES), jnp.float32) for n in sizes]
    print("gmg:", true_iterations(data, fields), flush=True)
    grad = jax.jit(jax.value_and_grad(lambda fields, batch, numbers: train.iterations(rule(fields), batch, STEPS, numbers).mean()))
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(optax.cosine_decay_schedule(0.05, UPDATES)))
    state, rng = optimiser.init(fields), np.random.default_rng(1)
    for done in range(UPDATES + 1):
        if done % 50 == 0:
            numbers = islands_now(data, fields)
        data[4] = sides[rng.integers(SIDES)]
        estimate, grads = grad(fields, data, numbers)
        if done % 50 == 0:
            print(f"{done:4} updates: {float(estimate):.1f} by the estimate", flush=True)
        steps, state = optimiser.update(grads, state)
        fields = optax.apply_updates(fields, steps)
    print("own fields:", true_iterations(data, fields))


if __name__ == "__main__":
    main()
