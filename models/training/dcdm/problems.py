"""Poisson's equation around random obstacles on a plane or a box of cells: what the variant is trained on.

A problem is its faces and its links, arrays of n x n (x n): 1 where a face towards the next cell along an
axis conducts (axes in the order z, y, x; 0 at the upper side), and of each cell the conductances to values
given at walls and obstacles. Rows without any other entry are masked, as the contract of ONNX models has it.
"""

import numpy as np
import scipy.fft
import scipy.sparse as sp
import scipy.sparse.linalg as spla


def gaussian(rng, shape, tau, alpha):
    """A Gaussian field with the covariance (-Laplace + tau^2)^(-alpha), scaled to unit variance."""
    square = sum(k**2 for k in np.meshgrid(*[np.pi * np.arange(n) for n in shape], indexing="ij"))
    amplitude = (square + tau**2) ** (-alpha / 2)
    amplitude.flat[0] = 0.0
    field = scipy.fft.idctn(amplitude * rng.standard_normal(shape), norm="ortho")
    return field / field.std()


def obstacles(rng, shape, share):
    """Solid cells: balls, boxes, or a random field above a threshold, about a share of all."""
    solid = np.zeros(shape, bool)
    if share < 0.005:
        return solid
    kind = rng.integers(5)
    if kind == 0:
        field = gaussian(rng, shape, np.exp(rng.uniform(np.log(5), np.log(60))), 2.0)
        return field > np.quantile(field, 1 - share)
    at = np.meshgrid(*[(np.arange(n) + 0.5) / n for n in shape], indexing="ij")
    large = rng.uniform(0.06, 0.3)
    for _ in range(200):
        centre, size = rng.random(len(shape)), large * rng.uniform(0.2, 1.0, len(shape))
        away = [abs(x - c) for x, c in zip(at, centre)]
        if kind <= 2:
            more = sum(x**2 for x in away) < size[0] ** 2
        else:
            more = np.all([x < s for x, s in zip(away, size)], axis=0)
        if (solid | more).mean() < share + 0.02:
            solid |= more
        if solid.mean() > share - 0.02:
            break
    return solid


def problem(rng, shape, share):
    """Faces and links. Obstacles are insulated or of value 0, and so are walls; half of the problems have
    u = 0 at all walls."""
    solid = obstacles(rng, shape, share)
    mode = rng.integers(3)  # all obstacles of value 0, none, some
    fixed = solid & [True, False, gaussian(rng, shape, 4.0, 2.0) > 0][mode]
    walls = np.ones((len(shape), 2)) if rng.random() < 0.5 else rng.integers(0, 2, (len(shape), 2))
    while True:
        faces, link = [], np.zeros(shape)
        for d in range(len(shape)):
            low, high = [tuple(s if k == d else slice(None) for k in range(len(shape))) for s in (np.s_[:-1], np.s_[1:])]
            face = np.zeros(shape)
            face[low] = ~solid[low] & ~solid[high]
            faces.append(face)
            link[low] += fixed[high]
            link[high] += fixed[low]
            for side, at in ((0, 0), (1, -1)):
                link[tuple(at if k == d else slice(None) for k in range(len(shape)))] += 2 * walls[d, side]
        link[solid] = 0.0
        if not link.any():
            walls = np.ones_like(walls)
            continue
        # what nothing holds is closed, and so is a cell without neighbours: its row has only a diagonal
        a = matrix(faces, link)
        count, part = sp.csgraph.connected_components(a, directed=False)
        held = np.bincount(part, link.ravel(), count) > 0
        size = np.bincount(part, minlength=count)
        closed = ~solid & ~(held & (size > 1))[part].reshape(shape)
        if not closed.any():
            return faces, link
        solid = solid | closed


def matrix(faces, link):
    """A; cells without anything are rows of the identity."""
    shape = link.shape
    index = np.arange(link.size).reshape(shape)
    diagonal = link.copy()
    rows, columns, values = [], [], []
    for d, face in enumerate(faces):
        p = index[face > 0]
        q = p + index.strides[d] // index.itemsize
        rows += [p, q]
        columns += [q, p]
        values += [-np.ones(2 * p.size)]
        diagonal.flat[p] += 1
        diagonal.flat[q] += 1
    values.append(np.where(diagonal > 0, diagonal, 1.0).ravel())
    rows.append(index.ravel())
    columns.append(index.ravel())
    return sp.csc_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))))


def fields(faces, link):
    """The fields `mask` and `excess` of the contract."""
    diagonal, near = link.copy(), np.zeros(link.shape)
    for d, face in enumerate(faces):
        near += face + np.roll(face, 1, d)  # the upper side has 0
    mask = near > 0
    diagonal += near
    return mask.astype(float), np.where(mask, link, 0.0) / diagonal[mask].mean()


def errors(rng, faces, link):
    """Errors to begin with: of x = 0 for white noise, for smooth noise, for point sources as right-hand
    sides, and noise itself; all with an A-norm of 1."""
    a = matrix(faces, link)
    mask = fields(faces, link)[0].ravel()
    shape = link.shape
    point = np.zeros(shape)
    point.flat[rng.choice(np.flatnonzero(mask), 4)] = rng.standard_normal(4)
    smooth = gaussian(rng, shape, np.exp(rng.uniform(np.log(2), np.log(40))), 2.0)
    sides = [rng.standard_normal(a.shape[0]), smooth.ravel(), point.ravel()]
    sides = np.stack([b * mask for b in sides], 1)
    if link.size <= 300_000 and len(shape) == 2:
        lu = spla.splu(a, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
        found = list(lu.solve(sides).T)
    else:  # a factorisation of a box is dear
        found = [spla.cg(a, b, rtol=1e-5)[0] for b in sides.T]
    found.append(rng.standard_normal(a.shape[0]) * mask)
    energy = [max(np.sqrt(e @ (a @ e)), 1e-30) for e in found]
    return np.stack([e / n for e, n in zip(found, energy)]).reshape(-1, *shape)


def pool(seed, shape, count, most=0.35):
    """`count` problems as float32: stencils (count, d + 1, …) of faces and links, fields (count, …, 2),
    errors (count, 4, …)."""
    rng = np.random.default_rng(seed)
    stencils, geometry, start = [], [], []
    for _ in range(count):
        faces, link = problem(rng, shape, rng.uniform(0, most))
        stencils.append(np.stack([*faces, link]).astype(np.float32))
        geometry.append(np.stack(fields(faces, link), -1).astype(np.float32))
        start.append(errors(rng, faces, link).astype(np.float32))
    return np.stack(stencils), np.stack(geometry), np.stack(start)
