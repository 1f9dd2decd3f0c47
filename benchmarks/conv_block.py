#!/usr/bin/python3
"""A block as in VGG on 32x32 images, or LeNet-5 on 28x28, in PyTorch, forward and backward, timed.

vgg: conv 3x3 (3->64), batch norm, ReLU, conv 3x3 (64->64), batch norm, ReLU, max pool 2x2; the mean of the
squared result. lenet: conv 5x5 (1->6, padding 2), ReLU, max pool 2x2, conv 5x5 (6->16), ReLU, max pool 2x2,
conv 5x5 (16->120), ReLU, dense 120->84, ReLU, dense 84->10; the cross-entropy. The gradients of all weights and
none of the images.
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


def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(2),
                         nn.Conv2d(6, 16, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2),
                         nn.Conv2d(16, 120, 5), nn.ReLU(inplace=True), nn.Flatten(),
                         nn.Linear(120, 84), nn.ReLU(inplace=True), nn.Linear(84, 10))


def mean_square(result):
    return result.square().mean()


def cross_entropy(result):
    return nn.functional.cross_entropy(result, torch.arange(len(result)) % 10)


# How to make the network, the loss of its result, and the shape of an image.
SHAPES = {"vgg": (block, mean_square, (3, 32, 32)), "lenet": (lenet, cross_entropy, (1, 28, 28))}


def one_pass(model, loss_of, images):
    for p in model.parameters():
        p.grad = None
    loss = loss_of(model(images))
    loss.backward()
    return loss


def numbers_of_images(shape):
    return ((31 * torch.arange(2 * shape[0] * shape[1] * shape[2]) % 257) / 128 - 1).view(2, *shape)


def numbers_of_weights(layer, count):
    return ((37 * torch.arange(count) + 11 * layer) % 127 - 63) / 640


def check_lenet(binary):
    """The small case of snnctl bench conv --shape lenet --check."""
    model, ours = lenet(), snnctl_check(binary, "conv", "--shape", "lenet")
    layers = [m for m in model if hasattr(m, "weight")]

    def turned(weight):
        """Dense weights are [in][out] in snnctl."""
        return weight.t() if weight.dim() == 2 else weight

    with torch.no_grad():
        for at, layer in enumerate(layers):
            weight = turned(layer.weight)
            weight.copy_(numbers_of_weights(at, weight.numel()).view_as(weight))
            layer.bias.zero_()
    loss = one_pass(model, cross_entropy, numbers_of_images((1, 28, 28)))
    fits = report("loss", [ours["loss"]], loss, 1e-5)
    for at, layer in enumerate(layers):
        gradient = turned(layer.weight.grad).flatten()
        gradient = gradient[::16] if len(gradient) > 4096 else gradient
        fits &= report(f"gradient of weights {at + 1}", ours["weights"][at], gradient, 1e-4)
        fits &= report(f"gradient of bias {at + 1}", ours["bias"][at], layer.bias.grad, 1e-4)
    return fits


def check(binary):
    """The small case of snnctl bench conv --check."""
    model, ours, fits = block(), snnctl_check(binary, "conv"), True
    with torch.no_grad():
        for layer in 0, 1:
            weight = model[3 * layer].weight
            weight.copy_(numbers_of_weights(layer, weight.numel()).view_as(weight))
            model[3 * layer].bias.zero_()
    loss = one_pass(model, mean_square, numbers_of_images((3, 32, 32)))
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
    parser.add_argument("--shape", choices=tuple(SHAPES), default="vgg")
    parser.add_argument("--layout", choices=("nchw", "nhwc", "fastest"), default="fastest")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--check", metavar="SNNCTL", help="compare a small case with this binary, and time nothing")
    args = parser.parse_args()
    settle(args.threads)
    if args.check:
        sys.exit(0 if (check_lenet if args.shape == "lenet" else check)(args.check) else 1)

    make, loss_of, shape = SHAPES[args.shape]
    run = {}
    for name, layout in ("nchw", torch.contiguous_format), ("nhwc", torch.channels_last):
        model = make().to(memory_format=layout)
        images = torch.randn(args.batch, *shape).to(memory_format=layout)
        run[name] = lambda model=model, images=images: one_pass(model, loss_of, images)
    if args.layout == "fastest":
        tried = {name: timings(work, 3)["seconds_min"] for name, work in run.items()}
        args.layout = min(tried, key=tried.get)
    result = timings(run[args.layout], args.repeats)
    print(json.dumps({**result, **environment(), "shape": args.shape, "layout": args.layout, "batch": args.batch,
                      "onednn": torch.backends.mkldnn.is_available()}))


if __name__ == "__main__":
    main()
