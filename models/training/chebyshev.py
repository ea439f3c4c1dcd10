"""The smoother of `gmg`: `solvers/src/precond/gmg/polynomial.rs`."""

import numpy as np

# intervals, of degree 3 on the finest level and 4 on the others
LOW, HIGH = {3: 0.2, 4: 0.12}, 2.06


def factors(degree):
    """1 over the zeros of the Chebyshev polynomial, the largest first."""
    k = np.arange(degree)
    angle = np.pi * (2 * k + 1) / (2 * degree)
    return 1.0 / (0.5 * (HIGH + LOW[degree]) - 0.5 * (HIGH - LOW[degree]) * np.cos(angle))
