"""Trains a Fourier neural operator on a set that `resolvent dataset export --to neuraloperator` wrote.

    python train_fno.py fno

Prints the relative error of the network and of the mean of the training solutions on the samples that test;
exit status 1 unless the network's is less than half of the mean's.
"""

import argparse
import sys
import time
from importlib.metadata import version
from pathlib import Path

import torch
from neuralop.data.datasets import DarcyDataset
from neuralop.losses import LpLoss
from neuralop.models import FNO
from torch.utils.data import DataLoader


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folder", type=Path, help="what --out was")
    options.add_argument("--resolution", type=int, default=32)
    options.add_argument("--epochs", type=int, default=30)
    options.add_argument("--threads", type=int, default=1, help="more do not help where batches are this small")
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    data = DarcyDataset(
        root_dir=options.folder, download=False, encode_input=True, encode_output=True,
        n_train=10**6, n_tests=[10**6], batch_size=20, test_batch_sizes=[50],  # all there are
        train_resolution=options.resolution, test_resolutions=[options.resolution],
    )
    train, test = data.train_db, data.test_dbs[options.resolution]
    batches = DataLoader(train, batch_size=20, shuffle=True)
    processor = data.data_processor  # the means and deviations of the training samples

    model = FNO(n_modes=(12, 12), in_channels=1, out_channels=1, hidden_channels=24, n_layers=4)
    steps = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-4)
    rate = torch.optim.lr_scheduler.OneCycleLR(steps, 4e-3, epochs=options.epochs, steps_per_epoch=len(batches))
    loss = LpLoss(d=2, p=2, reduction="mean")  # mean of |u - v| / |u| over the samples

    def error():
        processor.eval()
        model.eval()
        with torch.no_grad():
            sample = processor.preprocess({k: v.clone() for k, v in test[:].items()})
            got, sample = processor.postprocess(model(sample["x"]), sample)
            return loss(got, sample["y"]).item()

    y = torch.stack([s["y"] for s in test])
    mean = torch.stack([s["y"] for s in train]).mean(0, keepdim=True)
    of_mean = loss(mean.expand_as(y), y).item()
    print(", ".join(f"{name} {version(name)}" for name in ("neuraloperator", "torch", "numpy")))
    print(f"{len(train)} samples train, {len(test)} test; {sum(p.numel() for p in model.parameters())} parameters")
    print(f"the mean of the training solutions: {of_mean:.4f}")

    began = time.perf_counter()
    for epoch in range(1, options.epochs + 1):
        processor.train()
        model.train()
        for sample in batches:
            sample = processor.preprocess(sample)
            steps.zero_grad()
            loss(model(sample["x"]), sample["y"]).backward()
            steps.step()
            rate.step()
        if epoch in (1, 5, 10) or epoch == options.epochs:
            print(f"epoch {epoch:3}: {error():.4f}  after {time.perf_counter() - began:.1f} s", flush=True)
    return int(error() >= of_mean / 2)


if __name__ == "__main__":
    sys.exit(main())
