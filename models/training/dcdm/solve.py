"""DCDM in NumPy with a model that was exported, to look at a model without the command.

    env/bin/python models/training/dcdm/solve.py M.onnx --size 64 --share 0.3 --rtol 1e-6 --kept 2
"""

import argparse
import json
import time

import numpy as np
import onnxruntime

import problems


class Network:
    """z = N(r) of a model, for one problem; what the crate does, in short."""

    def __init__(self, path, faces, link, threads=1):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.contract = json.loads(self.session.get_modelmeta().custom_metadata_map["resolvent.contract"])
        self.shape = link.shape
        many = self.contract["size_multiple"]
        self.pad = [(0, -n % many) for n in self.shape]
        mask, excess = problems.fields(faces, link)
        self.mask = mask
        self.extra = {}
        for given in self.contract["inputs"]:
            if given["fields"] != ["residual"]:
                known = {"mask": mask, "excess": excess}
                planes = [np.pad(known[f], self.pad) for f in given["fields"]]
                self.extra[given["name"]] = np.stack(planes)[None].astype(np.float32)
        self.name = self.contract["inputs"][0]["name"]

    def __call__(self, r):
        size = np.linalg.norm(r)
        if self.contract["scaling"] == "unit_rms":
            size /= np.sqrt(r.size)
        shown = np.pad((r / size * self.mask.ravel()).reshape(self.shape), self.pad)[None, None].astype(np.float32)
        z = self.session.run(None, {self.name: shown, **self.extra})[0][0, 0]
        z = z[tuple(slice(n) for n in self.shape)].ravel().astype(float)
        return np.where(self.mask.ravel() > 0, z, r / size)


def dcdm(a, b, m, rtol=1e-6, kept=2, most=500, watch=None):
    """x and the relative residuals; `watch` is called with x and p of every step."""
    x, r = np.zeros_like(b), b.copy()
    sizes, directions = [1.0], []
    while sizes[-1] > rtol and len(sizes) <= most:
        p = m(r)
        for q, aq, qaq in directions[len(directions) - kept :] if kept else []:
            p = p - q * (p @ aq / qaq)
        p = p / np.linalg.norm(p)
        ap = a @ p
        pap = p @ ap
        directions.append((p, ap, pap))
        x = x + p * (p @ r / pap)
        r = b - a @ x
        sizes.append(np.linalg.norm(r) / np.linalg.norm(b))
        if watch:
            watch(x, p)
    return x, sizes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--dimensions", type=int, default=2)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--share", type=float, default=0.3, help="of the cells in obstacles")
    parser.add_argument("--rtol", type=float, default=1e-6)
    parser.add_argument("--kept", default="2", help="directions, several with commas")
    parser.add_argument("--systems", type=int, default=5)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--most", type=int, default=500)
    a = parser.parse_args()
    for kept in [int(k) for k in a.kept.split(",")]:
        counts, seconds = [], 0.0
        for k in range(a.systems):
            rng = np.random.default_rng(a.seed + k)
            faces, link = problems.problem(rng, (a.size,) * a.dimensions, a.share)
            m = Network(a.model, faces, link)
            b = rng.uniform(-1, 1, link.size)
            began = time.process_time()
            _, sizes = dcdm(problems.matrix(faces, link).tocsr(), b, m, a.rtol, kept, a.most)
            seconds += time.process_time() - began
            counts.append(len(sizes) - 1 if sizes[-1] <= a.rtol else None)
        what = f"{a.size}^{a.dimensions}, obstacles {a.share}, k = {kept}, {a.rtol:.0e}"
        print(f"{what}: {counts}, {seconds / a.systems:.3f} s each")


if __name__ == "__main__":
    main()
