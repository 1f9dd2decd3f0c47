#!/usr/bin/python3
"""Training steps of the networks of snnctl bench relu in PyTorch, timed.

mlp: 784-600-10 with dropout; lenet5: LeNet-5 with batch norm before ReLU and dropout; vgg-cifar: thirteen convolutions
with batch norm after ReLU, an eighth as wide. Cross-entropy, Adam; random images, which are in memory as numbers already
(snnctl makes them of bytes in the timed step).
"""

import argparse
import json

import torch
from torch import nn

from peer import environment, settle, timings

IMAGES, BATCH, STEPS = 1024, 64, 5


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.08), nn.Linear(784, 600), nn.ReLU(inplace=True), nn.Dropout(0.08), nn.Linear(600, 10))


def lenet5():
    layers, channels = [], 1
    for filters, padding in (6, 2), (16, 0), (120, 0):
        layers += [nn.Conv2d(channels, filters, 5, padding=padding), nn.BatchNorm2d(filters), nn.ReLU(inplace=True)]
        layers += [nn.MaxPool2d(2)] if filters < 120 else []
        channels = filters
    layers += [nn.Flatten(), nn.Dropout(0.08), nn.Linear(120, 84), nn.BatchNorm1d(84), nn.ReLU(inplace=True), nn.Dropout(0.08), nn.Linear(84, 10)]
    return nn.Sequential(*layers)


def vgg():
    layers, channels = [], 3
    for filters, count in (8, 2), (16, 2), (32, 3), (64, 3), (64, 3):
        for _ in range(count):
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(inplace=True), nn.BatchNorm2d(filters)]
            channels = filters
        layers.append(nn.MaxPool2d(2))
    layers += [nn.Flatten(), nn.Linear(64, 64), nn.ReLU(inplace=True), nn.BatchNorm1d(64), nn.Linear(64, 10)]
    return nn.Sequential(*layers)


CASES = {"mlp": (mlp, (1, 28, 28)), "lenet5": (lenet5, (1, 28, 28)), "vgg-cifar, width/8": (vgg, (3, 32, 32))}


def steps(make, shape, layout):
    """A function that takes STEPS training steps."""
    model = make().to(memory_format=layout)
    images = torch.rand(IMAGES, *shape).contiguous(memory_format=layout)
    classes = torch.arange(IMAGES) % 10
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-4, eps=1e-7)
    loss_of, order = nn.CrossEntropyLoss(), torch.randperm(IMAGES)

    def work():
        for k in range(STEPS):
            batch = order[k * BATCH % IMAGES:][:BATCH]
            optimiser.zero_grad(set_to_none=True)
            loss = loss_of(model(images[batch]), classes[batch])
            loss.backward()
            optimiser.step()

    return work


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=CASES, default="lenet5")
    parser.add_argument("--layout", choices=("nchw", "nhwc", "fastest"), default="fastest")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    settle(args.threads)

    make, shape = CASES[args.network]
    layouts = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last}
    run = {name: steps(make, shape, layout) for name, layout in layouts.items()}
    if args.layout == "fastest":
        tried = {name: timings(work, 2)["seconds_min"] for name, work in run.items()}
        args.layout = min(tried, key=tried.get)
    result = timings(run[args.layout], args.repeats)
    for key in "seconds_median", "seconds_min", "cpu_seconds_min":
        result[key] /= STEPS
    del result["seconds"]
    print(json.dumps({**result, **environment(), "layout": args.layout, "batch": BATCH}))


if __name__ == "__main__":
    main()
