"""A data set of `resolvent dataset` as HDF5: python to_hdf5.py DIR OUT --layout the-well|pdebench

Needs numpy and h5py. Samples that did not converge are left out.

the-well   OUT/data/{train,valid,test}/NAME.hdf5 and OUT/stats.yaml, of the layout of The Well
           (docs/data_format.md there): steady fields are trajectories of one step.
pdebench   OUT/NAME_Train.hdf5 with `nu` (N, X, Y), `tensor` (N, 1, X, Y), `x-coordinate`,
           `y-coordinate` and the attribute `beta`, as PDEBench's 2D_DarcyFlow files.
"""

import argparse
import json
import pathlib

import h5py
import numpy as np


class Set:
    """Arrays of a folder, a field at a time."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.manifest = json.loads((self.folder / "manifest.json").read_text())
        self.failed = set(self.manifest["failed"])

    def rows(self, kind, field, split):
        """Rows of a split, shard by shard, so that memory stays bounded."""
        low, high = self.manifest["splits"][split]
        first, size = self.manifest["first"], self.manifest["shard"]
        pattern = field["files"].replace("NNNN", "{:04}")
        for shard in range(-(-self.manifest["samples"] // size)):
            start = first + shard * size
            if start >= high or start + size <= low:
                continue
            rows = np.load(self.folder / pattern.format(shard), mmap_mode="r")
            keep = [
                i
                for i in range(len(rows))
                if low <= start + i < high and start + i not in self.failed
            ]
            if keep:
                yield rows[keep]

    def count(self, split):
        low, high = self.manifest["splits"][split]
        return sum(1 for i in range(low, high) if i not in self.failed)

    def axes(self, field):
        """Coordinates along x, y(, z) of the points of a field."""
        place = {
            "cells": lambda n: (np.arange(n) + 0.5) / n,
            "nodes": lambda n: np.linspace(0, 1, n),
        }[field["values"]]
        return [place(n) for n in reversed(self.manifest["grid"])]


def gridded(manifest, field):
    """Whether a field has one value for each point of the grid."""
    return field["shape"] == manifest["grid"]


def swapped(rows):
    """(n, [z,] y, x) to (n, x, y[, z]): both layouts index x first."""
    return np.transpose(rows, (0, *range(rows.ndim - 1, 0, -1)))


def the_well(data, out):
    manifest = data.manifest
    d = len(manifest["grid"])
    fields = [(f, "coefficients") for f in manifest["inputs"]]
    fields += [(f, "solutions") for f in manifest["outputs"]]
    fields = [(f, kind) for f, kind in fields if gridded(manifest, f)]
    if not fields:
        raise SystemExit("no field of this family has one value for each point of the grid")
    stats = {"mean": {}, "std": {}, "rms": {}}
    for f, kind in fields:
        of = manifest["statistics"]["inputs" if kind == "coefficients" else "outputs"][f["name"]]
        for key in stats:
            stats[key][f["name"]] = of[key]
    for split in ("train", "valid", "test"):
        n = data.count(split)
        if n == 0:
            continue
        path = out / "data" / split / (manifest["family"] + ".hdf5")
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as h5:
            h5.attrs["dataset_name"] = manifest["family"]
            h5.attrs["grid_type"] = "cartesian"
            h5.attrs["n_spatial_dims"] = d
            h5.attrs["n_trajectories"] = n
            h5.attrs["simulation_parameters"] = []
            dimensions = h5.create_group("dimensions")
            names = ["x", "y", "z"][:d]
            dimensions.attrs["spatial_dims"] = names
            time = dimensions.create_dataset("time", data=np.zeros(1, np.float32))
            time.attrs["sample_varying"] = False
            for name, axis in zip(names, data.axes(fields[0][0])):
                axis = dimensions.create_dataset(name, data=axis.astype(np.float32))
                axis.attrs["sample_varying"] = False
                axis.attrs["time_varying"] = False
            conditions = h5.create_group("boundary_conditions")
            for at, name in enumerate(names):
                group = conditions.create_group(f"{name}_wall")
                group.attrs["associated_dims"] = [name]
                group.attrs["associated_fields"] = []
                group.attrs["bc_type"] = "WALL"
                group.attrs["sample_varying"] = False
                group.attrs["time_varying"] = False
                mask = np.zeros(manifest["grid"][d - 1 - at], bool)
                mask[[0, -1]] = True
                group.create_dataset("mask", data=mask)
            h5.create_group("scalars").attrs["field_names"] = []
            for order in (1, 2):
                h5.create_group(f"t{order}_fields").attrs["field_names"] = []
            group = h5.create_group("t0_fields")
            group.attrs["field_names"] = [f["name"] for f, _ in fields]
            for f, kind in fields:
                varies = kind == "solutions"
                points = tuple(reversed(manifest["grid"]))
                shape = (n, 1, *points) if varies else (n, *points)
                chunks = (1, *shape[1:])
                array = group.create_dataset(f["name"], shape, np.float32, chunks=chunks)
                array.attrs["dim_varying"] = [True] * d
                array.attrs["sample_varying"] = True
                array.attrs["time_varying"] = varies
                at = 0
                for rows in data.rows(kind, f, split):
                    rows = swapped(rows)
                    array[at : at + len(rows)] = rows[:, None] if varies else rows
                    at += len(rows)
    lines = []
    for key, values in stats.items():
        lines.append(f"{key}:")
        lines += [f"  {name}: {value!r}" for name, value in values.items()]
    (out / "stats.yaml").write_text("\n".join(lines) + "\n")


def pdebench(data, out):
    manifest = data.manifest
    inputs = [f for f in manifest["inputs"] if gridded(manifest, f)]
    outputs = [f for f in manifest["outputs"] if gridded(manifest, f)]
    if len(manifest["grid"]) != 2 or len(inputs) != 1 or len(outputs) != 1:
        raise SystemExit("this layout takes one coefficient and one solution in two dimensions")
    out.mkdir(parents=True, exist_ok=True)
    for split, name in (("train", "Train"), ("valid", "Valid"), ("test", "Test")):
        n = data.count(split)
        if n == 0:
            continue
        with h5py.File(out / f"2D_{manifest['family']}_{name}.hdf5", "w") as h5:
            points = tuple(reversed(manifest["grid"]))
            nu = h5.create_dataset("nu", (n, *points), np.float32)
            tensor = h5.create_dataset("tensor", (n, 1, *points), np.float32)
            for array, kind, field in ((nu, "coefficients", inputs[0]), (tensor, "solutions", outputs[0])):
                at = 0
                for rows in data.rows(kind, field, split):
                    rows = swapped(rows)
                    array[at : at + len(rows)] = rows if array is nu else rows[:, None]
                    at += len(rows)
            x, y = data.axes(outputs[0])
            h5["x-coordinate"] = x.astype(np.float32)
            h5["y-coordinate"] = y.astype(np.float32)
            h5.attrs["beta"] = 1.0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--layout", choices=["the-well", "pdebench"], default="the-well")
    args = parser.parse_args()
    {"the-well": the_well, "pdebench": pdebench}[args.layout](Set(args.folder), args.out)
