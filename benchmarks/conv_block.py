#!/usr/bin/python3
"""A block as in VGG on 32x32 images in PyTorch, forward and backward, timed.

conv 3x3 (3->64), batch norm, ReLU, conv 3x3 (64->64), batch norm, ReLU, max pool 2x2; the mean of the
squared result; the gradients of all weights and none of the images.
"""

import argparse
import json
import sys

import torch
from torch import nn

from peer import environment, report, settle, snnctl_check, timings


def block():
    layers = []
    for channels in 3, 64:
        layers += [nn.Conv2d(channels, 64, 3, padding=1), nn.BatchNorm2d(64, eps=1e-5), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.MaxPool2d(2))


def one_pass(model, images):
    for p in model.parameters():
        p.grad = None
    loss = model(images).square().mean()
    loss.backward()
    return loss


def check(binary):
    """The small case of snnctl bench conv --check."""
    model, ours, fits = block(), snnctl_check(binary, "conv"), True
    e = torch.arange(2 * 3 * 32 * 32)
    images = ((31 * e % 257) / 128 - 1).view(2, 3, 32, 32)
    with torch.no_grad():
        for layer in 0, 1:
            weight = model[3 * layer].weight
            weight.copy_(((37 * torch.arange(weight.numel()) + 11 * layer) % 127 - 63).view_as(weight) / 640)
            model[3 * layer].bias.zero_()
    loss = one_pass(model, images)
    fits &= report("loss", [ours["loss"]], loss, 1e-5)
    for layer in 0, 1:
        norm = model[3 * layer + 1]
        gradient = model[3 * layer].weight.grad.flatten()[:: (1, 16)[layer]]
        fits &= report(f"gradient of weights {layer + 1}", ours["weights"][layer], gradient, 1e-4)
        fits &= report(f"gradient of scale {layer + 1}", ours["scale"][layer], norm.weight.grad, 1e-4)
        fits &= report(f"gradient of shift {layer + 1}", ours["shift"][layer], norm.bias.grad, 1e-4)
    return fits


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--layout", choices=("nchw", "nhwc", "fastest"), default="fastest")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--check", metavar="SNNCTL", help="compare a small case with this binary, and time nothing")
    args = parser.parse_args()
    settle(args.threads)
    if args.check:
        sys.exit(0 if check(args.check) else 1)

    run = {}
    for name, layout in ("nchw", torch.contiguous_format), ("nhwc", torch.channels_last):
        model = block().to(memory_format=layout)
        images = torch.randn(args.batch, 3, 32, 32).to(memory_format=layout)
        run[name] = lambda model=model, images=images: one_pass(model, images)
    if args.layout == "fastest":
        tried = {name: timings(work, 3)["seconds_min"] for name, work in run.items()}
        args.layout = min(tried, key=tried.get)
    result = timings(run[args.layout], args.repeats)
    print(json.dumps({**result, **environment(), "layout": args.layout, "batch": args.batch,
                      "onednn": torch.backends.mkldnn.is_available()}))


if __name__ == "__main__":
    main()
