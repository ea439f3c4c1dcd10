//! What solvers and preconditioners there are, and their options.

use super::{Entry, entry};

/// The solvers.
pub const SOLVERS: &[Entry] = &[
    entry(
        "auto",
        "chosen from the matrix, with fallbacks (the default)",
        &[],
    ),
    entry(
        "cg",
        "conjugate gradients: Hermitian positive definite",
        &[("flexible", "take a varying preconditioner (false)")],
    ),
    entry(
        "fcg",
        "truncated flexible CG: positive definite, any preconditioner",
        &[("directions", "directions kept (1)")],
    ),
    entry(
        "dcdm",
        "fcg that shows M the residual scaled to norm 1: for networks, positive definite A",
        &[
            ("directions", "directions kept; 0: steepest descent (2)"),
            (
                "true-residual",
                "compute b - Ax in every iteration, for a second product (false)",
            ),
        ],
    ),
    entry("minres", "MINRES: Hermitian, also indefinite", &[]),
    entry("bicgstab", "BiCGStab: any matrix, six vectors", &[]),
    entry("gmres", "GMRES(m): any matrix, m + 2 vectors", GMRES),
    entry(
        "fgmres",
        "GMRES(m) with a varying preconditioner, 2m + 1 vectors",
        GMRES,
    ),
    entry(
        "gcrodr",
        "GMRES(m) that keeps k vectors at restarts and from system to system, 2m + k + 2 vectors",
        &[
            ("restart", "m, dimension of a cycle (40, or --restart)"),
            ("k", "vectors kept, fewer than m (20)"),
            ("target", "eigenvalues kept: smallest or largest (smallest)"),
            (
                "strategy",
                "kept: a or b, harmonic Ritz vectors, or singular (a)",
            ),
            (
                "lag",
                "spaces of so many earlier systems precondition, without products with A (0)",
            ),
            (
                "reset",
                "begin every system anew: deflated restarting alone (false)",
            ),
            ("auto", "leave recycling out where it does not pay (true)"),
        ],
    ),
    entry(
        "rcg",
        "CG that keeps k vectors from system to system: Hermitian positive definite",
        &[
            ("k", "vectors kept (8)"),
            ("window", "directions between two refinements (16)"),
            ("target", "eigenvalues kept: smallest or largest (smallest)"),
            ("reset", "begin every system anew: plain CG (false)"),
            ("auto", "leave recycling out where it does not pay (true)"),
        ],
    ),
    entry(
        "sor",
        "successive over-relaxation: positive definite, or a dominant diagonal; no setup",
        &[
            ("omega", "relaxation, between 0 and 2 (1, or --omega)"),
            ("direction", "forward, backward or symmetric (forward)"),
            ("order", "natural or multicolour (natural)"),
            (
                "adaptive",
                "raise omega on the way by how fast the residual falls (false)",
            ),
        ],
    ),
    entry(
        "direct",
        "sparse Cholesky or LU with refinement: any nonsingular matrix",
        &[
            ("kind", "auto, llt, ldlt or lu (auto)"),
            ("refinements", "steps of refinement at most (5)"),
        ],
    ),
];

const GMRES: &[(&str, &str)] = &[
    ("restart", "m, steps between restarts (50, or --restart)"),
    (
        "orthogonalization",
        "classical (twice) or modified Gram-Schmidt (classical)",
    ),
];

/// The preconditioners.
pub const PRECONDS: &[Entry] = &[
    entry("auto", "chosen with the solver (the default)", &[]),
    entry("none", "no preconditioner", &[]),
    entry(
        "jacobi",
        "the diagonal",
        &[("zero-as-one", "take zeros on the diagonal as 1 (false)")],
    ),
    entry(
        "ssor",
        "symmetric over-relaxation: no factorisation; positive definite, or any full diagonal",
        &[
            ("omega", "relaxation, between 0 and 2 (1, or --omega)"),
            ("f32", "store the entries in half the bits (false)"),
        ],
    ),
    entry(
        "ic0",
        "incomplete Cholesky on the pattern of A: positive definite",
        &[
            ("shift", "first diagonal shift when a pivot fails (1e-3)"),
            ("tries", "shifts tried, each four times the one before (16)"),
            ("f32", "store the factor in half the bits (false)"),
        ],
    ),
    entry(
        "ict",
        "incomplete Cholesky with fill: positive definite, hard",
        &[
            ("drop", "drop what is smaller, of a unit diagonal (1e-3)"),
            ("fill", "entries kept in a row (10)"),
            ("shift", "as of ic0 (1e-3)"),
            ("tries", "as of ic0 (16)"),
            ("f32", "store the factor in half the bits (false)"),
        ],
    ),
    entry(
        "fsai",
        "factorised sparse approximate inverse: positive definite, many threads",
        &[("power", "pattern of tril(A), 1, or of tril(A^2), 2 (1)")],
    ),
    entry(
        "chebyshev",
        "a polynomial in A: positive definite, no factor to store",
        &[
            ("degree", "products with A per application (4)"),
            (
                "ratio",
                "part of the spectrum it serves, largest over smallest (30)",
            ),
            ("lanczos", "steps that estimate the largest eigenvalue (10)"),
        ],
    ),
    entry(
        "gmg",
        "geometric multigrid: 5 points a row on planes, 7 on boxes of cells, positive definite",
        &[
            (
                "grid",
                "cells, as 64x32 or 64x32x16 (found in the matrix, or --grid)",
            ),
            (
                "degree",
                "of the finest level's smoothing polynomial, 1 to 4 (3)",
            ),
            (
                "islands",
                "unknowns of their own for small parts that conduct well (true)",
            ),
        ],
    ),
    entry(
        "ilu0",
        "incomplete LU on the pattern of A: any matrix with a good diagonal",
        &[
            (
                "floor",
                "replace pivots below this part of their row (refuse zeros)",
            ),
            ("f32", "store the factors in half the bits (false)"),
        ],
    ),
    entry(
        "ilut",
        "incomplete LU with fill: any matrix, hard",
        &[
            (
                "drop",
                "drop what is smaller than this part of its row (1e-3)",
            ),
            ("fill", "entries kept in a row of each factor (10)"),
            ("floor", "as of ilu0"),
            ("f32", "store the factors in half the bits (false)"),
        ],
    ),
    entry(
        "mgnet",
        "gmg whose coarse levels a network predicts, as mgnet or mgnet:MODEL.onnx,key=value",
        &[
            (
                "fallback",
                "takes over within the solve where the network fails (gmg)",
            ),
            ("trials", "let it take over where it is faster, too (true)"),
            ("threads", "of the network (all)"),
            ("device", "cpu or cuda (cpu)"),
        ],
    ),
    entry(
        "onnx",
        "a network, as onnx:MODEL.onnx,key=value: for dcdm, fcg, fgmres and gcrodr, some for cg",
        &[
            (
                "fallback",
                "takes over within the solve where the network fails (auto)",
            ),
            ("trials", "let it take over where it is faster, too (true)"),
            (
                "layout",
                "axes of the input, of a file that does not say, e.g. NCHW",
            ),
            (
                "multiple",
                "grid sizes must be multiples of this; with layout (1)",
            ),
            (
                "scaling",
                "of the residual, unit_norm or unit_rms; with layout (unit_norm)",
            ),
            ("threads", "of the network (all)"),
            ("device", "cpu or cuda (cpu)"),
        ],
    ),
];
