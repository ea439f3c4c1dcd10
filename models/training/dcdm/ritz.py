"""Ritz vectors of one matrix, and right-hand sides made of them, as the paper has them."""

import numpy as np
import scipy.sparse as sp
import scipy.linalg


def box(shape):
    """The 7-point (5-point) Laplacian of an empty box (square), u = 0 half a cell beyond the walls."""
    a = sp.csr_matrix((1, 1))
    for n in shape:
        off, main = -np.ones(n - 1), np.full(n, 2.0)
        main[0] = main[-1] = 3.0  # half a cell: twice the conductance
        line = sp.diags([off, main, off], [-1, 0, 1])
        a = sp.kron(a, sp.identity(n)) + sp.kron(sp.identity(a.shape[0]), line)
    return a.tocsr()


def lanczos(a, steps, seed, least=1e-8):
    """Ritz values above `least`, ascending, and Ritz vectors as rows, in single precision; orthogonalised
    twice against all that came before. It begins with A times noise."""
    rng = np.random.default_rng(seed)
    n = a.shape[0]
    v = np.zeros((steps, n))
    alpha, beta = np.zeros(steps), np.zeros(steps)
    w = a @ rng.standard_normal(n)
    for k in range(steps):
        norm = np.linalg.norm(w)
        if k:
            beta[k - 1] = norm
        if norm < 1e-10:  # an invariant space
            steps = k
            break
        v[k] = w / norm
        w = a @ v[k]
        alpha[k] = v[k] @ w
        for _ in range(2):
            w -= v[: k + 1].T @ (v[: k + 1] @ w)
    values, small = scipy.linalg.eigh_tridiagonal(alpha[:steps], beta[: steps - 1])
    kept = values > least
    return values[kept], (small[:, kept].T @ v[:steps]).astype(np.float32)


def emphasis(count):
    """What coefficients are multiplied by: 9 for the lower half and a twentieth more."""
    return np.where(np.arange(count) < count / 2 + count / 20, 9.0, 1.0)


def sides(rng, vectors, count):
    """Right-hand sides of norm 1, of random coefficients."""
    b = (rng.standard_normal((count, len(vectors))) * emphasis(len(vectors))).astype(np.float32) @ vectors
    return b / np.linalg.norm(b, axis=1, keepdims=True)
