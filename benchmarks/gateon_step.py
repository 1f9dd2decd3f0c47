#!/usr/bin/python3
"""Training steps of snnctl bench gateon in PyTorch, timed.

784-1000-1000-1000-1000-10, batch 256: each hidden layer is linear, multiplied by the gates of the context, normalised over
the batch, rectified, and each sample scaled to norm 1; cross-entropy of the softmax; Adam. n: the relevance of each neuron
from the gradient of its activity; p: of each weight from its gradient; the gradients are multiplied by the availability of
earlier tasks. As in the authors' code all neurons are computed, also those whose gate is closed.
"""

import argparse
import json

import torch
from torch import nn
from torch.nn import functional

from peer import environment, settle, timings

IMAGES, BATCH, STEPS, CONTEXTS, ETA = 1024, 256, 5, 110, 0.01
SIZES = 784, 1000, 1000, 1000, 1000


class Network(nn.Module):
    def __init__(self, gated):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(SIZES, SIZES[1:]))
        self.gates = nn.ModuleList(nn.Linear(CONTEXTS, b, bias=False) for b in SIZES[1:]) if gated else None
        self.out = nn.Linear(SIZES[-1], 10)

    def forward(self, x, context):
        self.activity = []
        for k, layer in enumerate(self.layers):
            x = layer(x)
            if self.gates is not None:
                x = x * torch.tanh(torch.relu(self.gates[k].weight[:, context])) ** 2
            x = functional.batch_norm(x, None, None, training=True)
            x = functional.normalize(torch.relu(x), dim=1)
            self.activity.append(x)
            if self.gates is not None:
                x.retain_grad()
        return self.out(x)


def steps(variant):
    """A function that takes STEPS training steps."""
    model = Network(variant != "none")
    images, classes = torch.rand(IMAGES, 784), torch.arange(IMAGES) % 10
    permutation = torch.randperm(784)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    protected = [p for layer in model.layers for p in (layer.weight, layer.bias)]
    used = {"n": [torch.ones(n) for n in SIZES[1:]], "p": [torch.ones_like(p) for p in protected], "none": []}[variant]
    estimate = [a.clone() for a in used]

    def estimated(a, r):
        r = r / r.mean().clamp(min=1e-30)
        return (a - ETA * a * r).clamp_(0, 1)

    def work():
        for _ in range(STEPS):
            batch = torch.randperm(IMAGES)[:BATCH]
            optimiser.zero_grad(set_to_none=True)
            logits = model(images[batch][:, permutation], 0)
            loss = functional.cross_entropy(torch.softmax(logits, 1), classes[batch])
            loss.backward()
            with torch.no_grad():
                if variant == "n":
                    for k, h in enumerate(model.activity):
                        estimate[k] = estimated(estimate[k], (h.grad * h).square().mean(0))
                        model.layers[k].weight.grad *= used[k][:, None]
                        model.layers[k].bias.grad *= used[k]
                if variant == "p":
                    for k, p in enumerate(protected):
                        estimate[k] = estimated(estimate[k], (p.grad * p).square())
                        p.grad *= used[k]
            optimiser.step()

    return work


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variant", choices=("n", "p", "none"), default="n")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    settle(args.threads)
    result = timings(steps(args.variant), args.repeats)
    for key in "seconds_median", "seconds_min", "cpu_seconds_min":
        result[key] /= STEPS
    del result["seconds"]
    print(json.dumps({**result, **environment(), "batch": BATCH}))


if __name__ == "__main__":
    main()
