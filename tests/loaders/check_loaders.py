"""Loads exported data sets through the loaders of the packages they are for, and compares every number.

    python check_loaders.py path/to/resolvent

Makes small sets in a temporary folder, exports them, loads the files with neuraloperator, The Well, PDEBench
and DeepXDE, and compares what comes out with the NumPy arrays of the set. Then it harms copies of the files,
and each harm must be noticed. Exit status 1 if anything is not as it should be.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("DDE_BACKEND", "pytorch")
warnings.filterwarnings("ignore")

import h5py  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
import yaml  # noqa: E402

with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    import deepxde as dde
    from neuralop.data.datasets import DarcyDataset, PTDataset, TheWellDataset
    from pdebench.models.fno.utils import FNODatasetSingle
    from pdebench.models.unet.utils import UNetDatasetSingle
    from the_well.data import DeltaWellDataset, WellDataset
    from the_well.data.normalization import RMSNormalization, ZScoreNormalization

# Sides differ, so that x and y cannot be mixed up; shards are small, so that splits begin within them.
SETS = {
    "darcy": "darcy --samples 24 --grid 16x12",
    "darcy-32": "darcy --samples 16 --grid 32x24 --seed 1",
    "failed": "darcy --samples 24 --grid 16x12 --solver cg --precond jacobi",
    "lognormal-3d": "darcy-lognormal --samples 16 --grid 8x6x5",
    "poisson": "poisson --samples 16 --grid 16x12",
    "reaction-diffusion": "reaction-diffusion --samples 16 --grid 16x12",
    "heat": "heat:steps=5,dt=0.01 --samples 16 --grid 16x12",
    "heat-cube": "heat:steps=8 --samples 16 --grid 8x8",
    "helmholtz": "helmholtz:k=3 --samples 16 --grid 16x12",
    "elasticity": "elasticity --samples 16 --grid 16x12",
    "advection-diffusion": "advection-diffusion --samples 16 --grid 16x12",
    "skr-released": "skr-released --samples 16 --grid 12",
    "custom": "custom --grid 16x12",
}


class Native:
    """The arrays of a set, as they are stored."""

    def __init__(self, folder):
        self.folder = folder
        self.manifest = m = json.loads((folder / "manifest.json").read_text())
        self.family, self.grid = m["family"], m["grid"]
        self.sites = {f["name"]: f["values"] for f in m["inputs"] + m["outputs"]}
        self.inputs = {f["name"]: self.read(f) for f in m["inputs"]}
        self.outputs = {f["name"]: self.read(f) for f in m["outputs"]}

    def read(self, field):
        parts = sorted(self.folder.glob(field["files"].replace("NNNN", "[0-9]" * 4)))
        return np.concatenate([np.load(part) for part in parts])

    def part(self, array, split):
        failed = set(self.manifest["failed"])
        return array[[i for i in range(*self.manifest["splits"][split]) if i not in failed]]

    def axes(self, site):
        """Coordinates along x, y (and z)."""
        place = {"cells": lambda n: (np.arange(n) + 0.5) / n, "nodes": lambda n: np.linspace(0, 1, n)}[site]
        if self.family == "skr-released":  # the boundary is not in its u
            place = lambda n: np.linspace(0, 1, n + 2)[1:-1]  # noqa: E731
        return [place(n) for n in self.grid[::-1]]


def same(got, expected):
    """Equal shape, single precision, and equal numbers once those expected are rounded to it."""
    got = np.asarray(got)
    return got.dtype == np.float32 and np.array_equal(got, np.asarray(expected).astype(np.float32))


def near(got, expected, tolerance=1e-5):
    got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    return got.shape == expected.shape and np.allclose(got, expected, rtol=tolerance, atol=tolerance)


def x_first(array, leading, d):
    """The d axes of the grid after the leading ones in the order x, y, z."""
    order = list(range(array.ndim))
    order[leading : leading + d] = order[leading : leading + d][::-1]
    return array.transpose(order)


# ------------------------------------------------------------------ one function a package: (what, whether)


def stacked(fields, native):
    """What neuraloperator's x or y should be: (N, C, NY, NX), time and components as channels."""
    all_channels = []
    for array in fields.values():
        d = len(native.grid)
        if native.family == "heat" and array.ndim == 4:
            all_channels.append(array)  # time is there already
        else:
            points = array.shape[: d + 1]
            all_channels.append(np.moveaxis(array.reshape(*points, -1), -1, 1))
    return np.concatenate(all_channels, axis=1)


def neuraloperator(native, out, loader=PTDataset):
    resolution = max(native.grid)
    x, y = stacked(native.inputs, native), stacked(native.outputs, native)
    sizes = {split: len(native.part(x, split)) for split in ("train", "test")}
    how = {"channels_squeezed": x.shape[1] == y.shape[1] == 1, "dataset_name": native.family}
    if loader is DarcyDataset:
        how = {"download": False}
    with contextlib.redirect_stdout(io.StringIO()):
        data = loader(root_dir=out, n_train=10**6, n_tests=[10**6], batch_size=4, test_batch_sizes=[4],
                      train_resolution=resolution, test_resolutions=[resolution],
                      encode_input=True, encode_output=True, **how)
    for split, db in (("train", data.train_db), ("test", data.test_dbs[resolution])):
        yield f"{split}: number of samples", len(db) == sizes[split]
        yield f"{split}: x", same(torch.stack([s["x"] for s in db]), native.part(x, split))
        yield f"{split}: y", same(torch.stack([s["y"] for s in db]), native.part(y, split))
    across = (0, *range(2, y.ndim))
    for name, array, normalizer in (("x", x, data.data_processor.in_normalizer),
                                    ("y", y, data.data_processor.out_normalizer)):
        train = native.part(array, "train")
        yield f"normaliser of {name}: mean", near(normalizer.mean.flatten(), train.mean(axis=across))
        yield f"normaliser of {name}: std", near(normalizer.std.flatten(), train.std(axis=across), 1e-2)  # ddof 1


def well_fields(native):
    """Name: (values with x first, whether in time, components), scalars before vectors."""
    d, fields = len(native.grid), {}
    for kind in (native.inputs, native.outputs):
        for name, array in kind.items():
            if native.sites[name] == "numbers":
                continue
            timed = kind is native.outputs
            if timed and native.family != "heat":
                array = array[:, None]  # one step
            array = x_first(array, 1 + timed, d)
            if native.family == "helmholtz" and timed:
                fields |= {f"{name}_re": (array[..., 0], True, 1), f"{name}_im": (array[..., 1], True, 1)}
            else:
                fields[name] = (array, timed, d if array.ndim > 1 + timed + d else 1)
    return dict(sorted(fields.items(), key=lambda f: f[1][2]))


def the_well(native, out):
    fields = well_fields(native)
    variable = {k: v for k, (v, timed, _) in fields.items() if timed}
    constant = {k: v for k, (v, timed, _) in fields.items() if not timed}
    steps = next(iter(variable.values())).shape[1]
    whole = {"n_steps_input": steps, "n_steps_output": 0, "normalize_time_grid": False}
    channels = lambda arrays, split: np.concatenate(  # noqa: E731
        [native.part(v, split).reshape(*native.part(v, split).shape[: v.ndim - (fields[k][2] > 1)], -1)
         for k, v in arrays.items()], axis=-1)
    rows = lambda data, key: torch.stack([data[i][key] for i in range(len(data))])  # noqa: E731

    for split in ("train", "valid", "test"):
        data = WellDataset(path=str(out), well_split_name=split, **whole)
        yield f"{split}: variable fields", same(rows(data, "input_fields"), channels(variable, split))
        yield f"{split}: constant fields", same(rows(data, "constant_fields"), channels(constant, split))
    meta, sample = data.metadata, data[0]
    core = [*data.core_field_names, *data.core_constant_field_names]
    yield "names of fields", sorted(core) == sorted(fields) and meta.dataset_name == native.family
    yield "resolution, x first", list(meta.spatial_resolution) == native.grid[::-1]
    site = native.sites[next(iter(native.outputs))]
    yield "coordinates", same(sample["space_grid"], np.stack(np.meshgrid(*native.axes(site), indexing="ij"), -1))
    dt = native.manifest["parameters"].get("dt")
    yield "times", same(sample["input_time_grid"], np.arange(1, steps + 1) * dt if dt else [0.0])
    # 0 is a wall, 1 open
    yield "boundary", (sample["boundary_conditions"] == float(native.family == "helmholtz")).all().item()
    numbers = {k: v for k, v in native.inputs.items() if native.sites[k] == "numbers"}
    if numbers:
        expected = np.concatenate([native.part(v, "test") for v in numbers.values()], axis=1)
        yield "scalars", same(rows(data, "constant_scalars"), expected)
    with h5py.File(out / "data" / "train" / f"{native.family}.hdf5") as file:
        parameters = {k: file.attrs[k] for k in file.attrs["simulation_parameters"]}
        yield "parameters", parameters == native.manifest["parameters"]

    # Statistics, through the package's own normalisation: each component by itself, training samples alone.
    def moments(array):
        across = tuple(range(array.ndim - 1))
        return {"mean": array.mean(across), "std": array.std(across), "rms": np.sqrt((array**2).mean(across))}

    of = {k: moments(channels({k: v}, "train")) for k, (v, _, _) in fields.items()}
    line = lambda arrays, key: np.concatenate([of[k][key] for k in arrays])  # noqa: E731
    for kind, shift, scale in ((ZScoreNormalization, "mean", "std"), (RMSNormalization, None, "rms")):
        data = WellDataset(path=str(out), well_split_name="test", use_normalization=True, normalization_type=kind,
                           **whole)
        for key, arrays in (("input_fields", variable), ("constant_fields", constant)):
            values = channels(arrays, "test") - (line(arrays, shift) if shift else 0)
            yield f"{kind.__name__}: {key}", near(rows(data, key), values / np.maximum(line(arrays, scale), 1e-4), 1e-4)
    if steps > 1:
        data = WellDataset(path=str(out), well_split_name="test")
        yield "next step: number of windows", len(data) == len(native.part(next(iter(variable.values())), "test")) * (steps - 1)
        pairs = channels(variable, "test")
        yield "next step: input", same(rows(data, "input_fields")[:, 0], pairs[:, :-1].reshape(-1, *pairs.shape[2:]))
        yield "next step: output", same(rows(data, "output_fields")[:, 0], pairs[:, 1:].reshape(-1, *pairs.shape[2:]))
        data = DeltaWellDataset(path=str(out), well_split_name="test", use_normalization=True,
                                normalization_type=ZScoreNormalization)
        change = moments(np.diff(channels(variable, "train"), axis=1))
        expected = (np.diff(pairs, axis=1) - change["mean"]) / np.maximum(change["std"], 1e-4)
        yield "change from step to step, normalised", near(
            rows(data, "output_fields")[:, 0], expected.reshape(-1, *pairs.shape[2:]), 1e-3)


def pdebench(native, out):
    (a,), (u,) = native.inputs.values(), native.outputs.values()
    pair = np.stack([x_first(a, 1, 2), x_first(u, 1, 2)], axis=-1)[..., None]  # batch, x, y, t, channel
    grid = np.stack(np.meshgrid(*native.axes(native.sites["u"]), indexing="ij"), -1)
    for split in ("train", "valid", "test"):
        name, expected = f"2D_{native.family}_{split.title()}.hdf5", native.part(pair, split)
        for loader in (FNODatasetSingle, UNetDatasetSingle):
            data = loader(name, saved_folder=f"{out}/", initial_step=1, test_ratio=0.0)
            rows = [data[i] for i in range(len(data))]
            what = f"{split}: {loader.__name__}"
            yield f"{what}: number of samples", len(rows) == len(expected)
            yield f"{what}: coefficient", same(torch.stack([r[0] for r in rows]), expected[..., :1, :])
            yield f"{what}: coefficient and solution", same(torch.stack([r[1] for r in rows]), expected)
            if loader is FNODatasetSingle:
                yield f"{what}: coordinates", same(rows[0][2], grid)
    # the package's own split of one file: the first samples test
    name, expected = f"2D_{native.family}_Train.hdf5", native.part(pair, "train")
    parts = [FNODatasetSingle(name, saved_folder=f"{out}/", if_test=test, test_ratio=0.25).data for test in (True, False)]
    yield "its own split", same(torch.cat(parts), expected) and len(parts[0]) == len(expected) // 4
    with h5py.File(out / name) as file:
        yield "right-hand side", file.attrs["beta"] == 1.0


def deepxde(native, out):
    d = len(native.grid)
    (a,), (u,) = native.inputs.values(), native.outputs.values()
    points = np.meshgrid(*native.axes(native.sites["u"]), indexing="ij")
    points = np.stack([x_first(p, 0, d).ravel() for p in points], axis=-1)  # x fastest
    files = {split: np.load(out / f"{native.family}_{split}.npz") for split in ("train", "valid", "test")}
    parts = {split: ((f["branch"], f["trunk"]), f["y"]) for split, f in files.items()}
    for split in ("train", "valid"):
        data = dde.data.TripleCartesianProd(*parts[split], *parts["test"])
        for kind, ((branch, trunk), y) in ((split, data.train_next_batch()), ("test", data.test())):
            yield f"{kind}: branch", same(branch, native.part(a, kind).reshape(len(y), -1))
            yield f"{kind}: trunk", same(trunk, points)
            yield f"{kind}: y", same(y, native.part(u, kind).reshape(len(y), -1))
    # every pair of a sample and a point by itself
    pairs = {}
    for split, ((branch, trunk), y) in parts.items():
        pairs[split] = (branch.repeat(len(trunk), 0), np.tile(trunk, (len(branch), 1))), y.reshape(-1, 1)
    (branch, trunk), y = dde.data.Triple(*pairs["train"], *pairs["test"]).train_next_batch()
    train = native.part(a, "train")
    yield "Triple: branch", same(branch, train.reshape(len(train), -1).repeat(len(points), 0))
    yield "Triple: trunk", same(trunk, np.tile(points, (len(train), 1)))
    yield "Triple: y", same(y[:, 0], native.part(u, "train").ravel())


def deepxde_trains(native, out):
    """A network on numbers of order one, and its loss on the training samples."""
    train, test = (np.load(out / f"{native.family}_{split}.npz") for split in ("train", "test"))
    mean, std, scale = train["branch"].mean(), train["branch"].std(), train["y"].std()
    part = lambda f: (((f["branch"] - mean) / std, f["trunk"]), f["y"] / scale)  # noqa: E731
    dde.config.set_random_seed(0)
    data = dde.data.TripleCartesianProd(*part(train), *part(test))
    net = dde.nn.DeepONetCartesianProd([train["branch"].shape[1], 40, 40], [2, 40, 40], "relu", "Glorot normal")
    model = dde.Model(data, net)
    with contextlib.redirect_stdout(io.StringIO()):
        model.compile("adam", lr=1e-3)
        history, _ = model.train(iterations=1000, display_every=500)
    loss = np.ravel(history.loss_train[-1])[0]
    yield f"DeepONet: mean square {loss:.1e} of a variance of 1", loss < 0.2


def neuraloperator_well(native, out):
    """The Well's files through neuraloperator's own class for them."""
    root = out.parent / "neuraloperator-well"
    shutil.copytree(out, root / "datasets" / native.family, dirs_exist_ok=True)
    with contextlib.redirect_stdout(io.StringIO()):
        data = TheWellDataset(root, native.family, download=False)
    u = x_first(next(iter(native.outputs.values())), 2, 2)
    train = native.part(u, "train")
    got = data.train_db[1]["output_fields"][0, ..., 0]
    yield "second step of the first sample", same(got, train[0, 2])
    normalizer = data.data_processor.data_normalizer
    yield "normaliser", near(normalizer.mean.item(), train.mean()) and near(normalizer.std.item(), train.std())


# ------------------------------------------------------------------------------ harms that must be noticed


def h5(name, key, change):
    def harm(out):
        with h5py.File(out / name, "r+") as file:
            values = file[key][...]
            file[key][...] = change(values)
    return harm


def one(values):
    """One number a little off."""
    values = values.copy()
    values.reshape(-1)[values.size // 2] += 1e-3 * np.abs(values).max()
    return values


def pt(name, **changes):
    def harm(out):
        data = torch.load(out / name)
        torch.save({k: changes.get(k, lambda v: v)(v) for k, v in data.items()}, out / name)
    return harm


def npz(name, **changes):
    def harm(out):
        data = dict(np.load(out / name))
        np.savez(out / name, **{k: changes.get(k, lambda v: v)(v) for k, v in data.items()})
    return harm


def stats(key, field):
    def harm(out):
        data = yaml.safe_load((out / "stats.yaml").read_text())
        data[key][field] = np.multiply(data[key][field], 1.1).tolist()
        (out / "stats.yaml").write_text(yaml.safe_dump(data))
    return harm


def attribute(name, group, key, value):
    def harm(out):
        with h5py.File(out / name, "r+") as file:
            file[group].attrs[key] = value
    return harm


WELL = "data/{}/{}.hdf5".format
HARMS = [
    ("neuraloperator", "darcy", "one number of y", pt("darcy_test_16.pt", y=lambda v: torch.tensor(one(v.numpy())))),
    ("neuraloperator", "darcy", "samples in another order", pt("darcy_train_16.pt", x=lambda v: v.flip(0))),
    ("neuraloperator", "darcy", "double precision", pt("darcy_train_16.pt", y=lambda v: v.double())),
    ("neuraloperator", "elasticity", "components last", pt("elasticity_train_16.pt", y=lambda v: v.movedim(1, -1))),
    ("the-well", "darcy", "one number of u", h5(WELL("test", "darcy"), "t0_fields/u", one)),
    ("the-well", "darcy", "y from the far side", h5(WELL("valid", "darcy"), "t0_fields/a", lambda v: v[:, :, ::-1])),
    ("the-well", "darcy", "coordinates", h5(WELL("test", "darcy"), "dimensions/x", one)),
    ("the-well", "darcy", "std of u", stats("std", "u")),
    ("the-well", "heat", "rms of kappa", stats("rms", "kappa")),
    ("the-well", "heat", "mean_delta of u", stats("mean_delta", "u")),
    ("the-well", "heat", "times", h5(WELL("test", "heat"), "dimensions/time", lambda v: v - v[0])),
    ("the-well", "helmholtz", "the conjugate", h5(WELL("test", "helmholtz"), "t0_fields/u_im", lambda v: -v)),
    ("the-well", "helmholtz", "another source", h5(WELL("test", "helmholtz"), "scalars/source_x", lambda v: v[::-1])),
    ("the-well", "helmholtz", "a wall", attribute(WELL("test", "helmholtz"), "boundary_conditions/x_open", "bc_type", "WALL")),
    ("the-well", "custom", "mean of v", stats("mean", "v")),
    ("pdebench", "darcy", "one number of tensor", h5("2D_darcy_Test.hdf5", "tensor", one)),
    ("pdebench", "darcy", "nu of another sample", h5("2D_darcy_Train.hdf5", "nu", lambda v: np.roll(v, 1, 0))),
    ("pdebench", "darcy", "coordinates of nodes", h5("2D_darcy_Train.hdf5", "x-coordinate", lambda v: np.linspace(0, 1, len(v)))),
    ("deeponet", "darcy", "x and y of the trunk", npz("darcy_test.npz", trunk=lambda v: v[:, ::-1])),
    ("deeponet", "darcy", "one number of y", npz("darcy_train.npz", y=one)),
    ("deeponet", "darcy", "branch of another sample", npz("darcy_valid.npz", branch=lambda v: np.roll(v, 1, 0))),
]
LOADED_BY = {"neuraloperator": neuraloperator, "the-well": the_well, "pdebench": pdebench, "deeponet": deepxde}
LOADS = [
    ("neuraloperator", "PTDataset", neuraloperator,
     ["darcy", "failed", "lognormal-3d", "poisson", "reaction-diffusion", "heat", "heat-cube", "elasticity", "custom",
      "advection-diffusion", "skr-released"]),
    ("neuraloperator", "DarcyDataset", lambda n, o: neuraloperator(n, o, DarcyDataset), ["darcy", "darcy-32", "failed"]),
    ("the-well", "WellDataset", the_well,
     ["darcy", "failed", "lognormal-3d", "poisson", "reaction-diffusion", "heat", "heat-cube", "helmholtz", "custom"]),
    ("the-well", "neuralop TheWellDataset", neuraloperator_well, ["heat"]),
    ("pdebench", "FNO-, UNetDatasetSingle", pdebench, ["darcy", "darcy-32", "failed"]),
    ("deeponet", "TripleCartesianProd, Triple", deepxde,
     ["darcy", "failed", "lognormal-3d", "advection-diffusion", "skr-released"]),
    ("deeponet", "DeepONetCartesianProd", deepxde_trains, ["darcy"]),
]


class Lab:
    """Makes sets and exports in a folder, each once."""

    def __init__(self, command, folder):
        self.command, self.folder = command, folder

    def run(self, *args, allowed=(0,)):
        done = subprocess.run([self.command, "dataset", *map(str, args)], capture_output=True, text=True)
        if done.returncode not in allowed:
            raise RuntimeError(done.stderr.strip())

    def native(self, name):
        folder, line = self.folder / name, SETS[name].split()
        if not folder.exists():
            if name == "custom":
                random = np.random.default_rng(0)
                for field, shape in (("k", (16, 12, 16)), ("v", (16, 12, 16, 2))):
                    np.save(self.folder / f"{field}.npy", random.uniform(1, 2, shape))
                    line += ["--input", f"{field}={self.folder / field}.npy"]
            if name == "failed":  # as many iterations as half of the samples need
                self.run(*line, "--out", self.folder / "all", "--quiet")
                records = json.loads((self.folder / "all" / "manifest.json").read_text())["records"]
                line += ["--max-iters", str(int(np.median([r["iterations"] for r in records])))]
            self.run(*line, "--out", folder, "--shard-samples", 5, "--quiet", "--format",
                     "hdf5" if name in ("heat", "darcy") else "npy", allowed=(0, 1) if name == "failed" else (0,))
        native = Native(folder)
        assert bool(native.manifest["failed"]) == (name == "failed")
        return native

    def exported(self, name, layout):
        out = self.folder / f"{name}-{layout}"
        if not out.exists():
            self.run("export", self.folder / name, "--to", layout, "--out", out, "--quiet")
        return out


def outcome(function, native, out):
    """What was not as it should be, and how much was looked at; `out` makes the files."""
    wrong, looked = [], 0
    try:
        for what, right in function(native, out()):
            looked += 1
            wrong += [] if right else [what]
    except Exception as error:  # the command or a loader refuses
        wrong.append(f"{type(error).__name__}: {error}")
    return wrong, looked


def main(command):
    names = ("neuraloperator", "the_well", "pdebench", "DeepXDE", "torch", "numpy", "h5py")
    print(", ".join(f"{name} {version(name)}" for name in names), f"Python {sys.version.split()[0]}", sep=", ")
    passed = failed = 0

    def row(*cells, right, note=""):
        nonlocal passed, failed
        passed, failed = passed + right, failed + (not right)
        print(f"{cells[0]:15} {cells[1]:28} {cells[2]:26} {'pass' if right else 'FAIL'}  {note}", flush=True)

    with tempfile.TemporaryDirectory() as scratch:
        lab = Lab(str(Path(command).resolve()), Path(scratch))
        print("\nlayout          loader                       set")
        for layout, loader, function, sets in LOADS:
            for name in sets:
                wrong, looked = outcome(function, lab.native(name), lambda: lab.exported(name, layout))
                note = "; ".join(wrong) or f"{looked} comparisons"
                row(layout, loader, name, right=not wrong and looked > 0, note=note)
        for name in ("darcy", "heat"):
            made, out = lab.folder / name / "hdf5", lab.exported(name, "the-well")
            files = sorted(p.relative_to(out) for p in out.rglob("*") if p.is_file())
            alike = [p for p in files if (made / p).read_bytes() == (out / p).read_bytes()]
            row("the-well", "--format hdf5", name, right=len(alike) == len(files) == 4, note="the same bytes as export")
        print("\nlayout          harm                         set                        noticed as")
        for layout, name, what, harm in HARMS:
            copy = lab.folder / "harmed"
            shutil.copytree(lab.exported(name, layout), copy)
            harm(copy)
            wrong, _ = outcome(LOADED_BY[layout], lab.native(name), lambda: copy)
            row(layout, what, name, right=bool(wrong), note=wrong[0][:60] if wrong else "not noticed")
            shutil.rmtree(copy)
    print(f"\n{passed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
