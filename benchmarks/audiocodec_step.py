#!/usr/bin/python3
"""Training steps of snnctl bench audio-codec in PyTorch, timed.

The same model (MDCT, convolutions of 192 channels, 64 binary units), loss on the spectra, penalties, clipping and Adam, on 8
segments of 8192 samples.
"""

import argparse
import json
import math

import torch
from torch import nn
from torch.nn import functional as f

from peer import environment, settle, timings

STEPS = 5


def steps():
    """A function that takes STEPS training steps."""
    hop, width, units = 128, 192, 64

    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, l):
            ctx.save_for_backward(l)
            return (l > 0).float()

        @staticmethod
        def backward(ctx, g):
            (l,) = ctx.saved_tensors
            return g * torch.clamp(1 - l.abs(), min=0)

    class Unit(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv1d(width, width // 2, 3, padding=1), nn.Conv1d(width // 2, width, 1)

        def forward(self, x):
            return x + self.b(f.elu(self.a(f.elu(x))))

    n = torch.arange(2 * hop).float()[:, None]
    k = torch.arange(hop).float()[None]
    basis = math.sqrt(2 / hop) * torch.sin(math.pi / (2 * hop) * (n + .5)) * torch.cos(math.pi / hop * (n + .5 + hop / 2) * (k + .5))
    encoder = nn.Sequential(nn.Conv1d(hop, width, 5, padding=2), Unit(), Unit(), nn.ELU(), nn.Conv1d(width, units, 1, bias=False),
                            nn.BatchNorm1d(units, momentum=.05))
    decoder = nn.Sequential(nn.Conv1d(units, width, 7, padding=3), Unit(), Unit(), Unit(), nn.ELU(), nn.Conv1d(width, hop, 5, padding=2))
    nn.init.constant_(encoder[-1].bias, -1.2)
    parameters = list(encoder.parameters()) + list(decoder.parameters())
    optimizer = torch.optim.Adam(parameters, lr=1e-3, betas=(.9, .99))
    windows = {size: torch.hann_window(size) for size in (128, 256, 512, 1024)}

    def magnitude(x, size):
        s = torch.stft(x, size, size // 4, window=windows[size], center=False, return_complex=True)
        return torch.sqrt(s.real ** 2 + s.imag ** 2 + 1e-12) / math.sqrt(size)

    def step(x):
        padded = f.pad(x, (hop, hop))
        frames = padded.unfold(1, 2 * hop, hop)
        c = frames @ basis
        c = torch.sign(c) * torch.log1p(40 * c.abs())
        z = Step.apply(encoder(c.transpose(1, 2)))
        o = decoder(z).clamp(-6, 6)
        waves = (torch.sinh(o) / 20).transpose(1, 2) @ basis.T
        y = f.fold(waves.transpose(1, 2), (1, padded.shape[1]), (1, 2 * hop), stride=(1, hop)).reshape(padded.shape)[:, hop:-hop]
        loss = 5 * (x - y).abs().mean()
        for size in windows:
            s, t = magnitude(x, size), magnitude(y, size)
            loss = loss + .25 * (.5 * (s - t).abs().mean() / s.mean() + (torch.log10(s + 1e-3) - torch.log10(t + 1e-3)).abs().mean())
        u = z.transpose(0, 1).reshape(units, -1)
        u = u - u.mean(1, keepdim=True)
        u = u / (u.norm(dim=1, keepdim=True) + 1e-6)
        r = u @ u.T
        loss = loss + z.mean() + .1 * (r ** 2).fill_diagonal_(0).sum() / (units * (units - 1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5)
        optimizer.step()

    x = .05 * torch.randn(8, 8192)

    def work():
        for _ in range(STEPS):
            step(x)

    return work


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    settle(args.threads)
    result = timings(steps(), args.repeats)
    for key in "seconds_median", "seconds_min", "cpu_seconds_min":
        result[key] /= STEPS
    del result["seconds"]
    print(json.dumps({**result, **environment(), "batch": 8}))


if __name__ == "__main__":
    main()
