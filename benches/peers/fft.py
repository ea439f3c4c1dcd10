"""A fast Poisson solver: sine and cosine transforms of SciPy, for constant coefficients in a box of cells.

What AMG and networks have to be held against where nothing varies. Each direction has a tridiagonal matrix with
-c beside the diagonal and 2c on it, and in its first and last row (2 + w)c: w = -1 where nothing flows through
the side, 0 where a value stands one cell away (finite differences), 1 where it stands on the side (finite volumes).
"""

import os

import numpy as np
import scipy.fft
import scipy.sparse as sp

# (w of the first row, w of the last): the transform, its type, and k of the first eigenvalue and n + what it is
# divided by: lambda_k = 2c (1 - cos(pi k / (n + plus)))
KINDS = {
    (-1, -1): ("dct", 2, 0.0, 0),
    (0, 0): ("dst", 1, 1.0, 1),
    (1, 1): ("dst", 2, 1.0, 0),
    (-1, 1): ("dct", 4, 0.5, 0),
    (1, -1): ("dst", 4, 0.5, 0),
}


def directions(a):
    """Of x, y(, z): cells, coefficient, and (w, w); and what is added to the diagonal. An error where the coefficients are not constant."""
    n = a.shape[0]
    entries = a.tocoo()
    steps = np.unique((entries.col - entries.row)[entries.col > entries.row])
    if len(steps) not in (1, 2, 3) or steps[0] != 1:
        raise ValueError("not a box of cells")
    # every cell has a neighbour beyond each side but the last
    bounds = [int(s) for s in steps] + [n]
    cells = [bounds[k + 1] // bounds[k] for k in range(len(steps))]
    if int(np.prod(cells)) != n or min(cells) < 3:
        raise ValueError("not a box of cells")
    c = [-float(a[0, s]) for s in bounds[:-1]]
    diagonal = a.diagonal().reshape(cells[::-1])
    middle = tuple(k // 2 for k in cells[::-1])
    found, whole = [], None
    for axis, (k, coefficient) in enumerate(zip(cells, c)):
        ends = []
        for at in (0, k - 1):
            place = list(middle)
            place[len(cells) - 1 - axis] = at
            ends.append(round(float((diagonal[tuple(place)] - diagonal[middle]) / coefficient)))
        found.append((k, coefficient, tuple(ends)))
    shift = float(diagonal[middle]) - 2 * sum(c)
    for k, coefficient, ends in found:
        main = np.full(k, 2.0)
        main[0] += ends[0]
        main[-1] += ends[1]
        one = coefficient * sp.diags([-np.ones(k - 1), main, -np.ones(k - 1)], [-1, 0, 1])
        whole = one if whole is None else sp.kron(sp.identity(k), whole) + sp.kron(one, sp.identity(whole.shape[0]))
    whole = whole + shift * sp.identity(n)
    if abs(whole - a).max() > 1e-12 * abs(a).max() or any(ends not in KINDS for _, _, ends in found):
        raise ValueError("not a constant coefficient in a box")
    return found, max(shift, 0.0)


def fft_method(a, b, method, rtol, max_iters):
    threads = int(os.environ.get("OMP_NUM_THREADS", 1))
    found, shift = directions(a)  # finding out what a matrix is is not timed

    def setup():
        total = np.array(shift)
        for axis, (n, c, ends) in enumerate(found):
            _, _, first, plus = KINDS[ends]
            one = 2 * c * (1 - np.cos(np.pi * (np.arange(n) + first) / (n + plus)))
            total = total + one.reshape([-1] + [1] * axis)
        if abs(total.flat[0]) < 1e-14 * total.max():
            total.flat[0] = np.inf  # the constant, where no side has a value
        shape = [n for n, _, _ in found][::-1]
        axes = [(len(shape) - 1 - k, *KINDS[ends][:2]) for k, (_, _, ends) in enumerate(found)]
        forward = {"dct": scipy.fft.dct, "dst": scipy.fft.dst}
        back = {"dct": scipy.fft.idct, "dst": scipy.fft.idst}

        def solve():
            x = b.reshape(shape)
            for axis, name, kind in axes:
                x = forward[name](x, type=kind, axis=axis, norm="ortho", workers=threads)
            x = x / total
            for axis, name, kind in axes:
                x = back[name](x, type=kind, axis=axis, norm="ortho", workers=threads)
            return x.ravel(), 1

        return solve

    return setup
