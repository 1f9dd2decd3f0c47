#!/usr/bin/python3
"""Dense layer and LIF neurons in PyTorch, forward and backward of the sum of the spikes, timed.

    v[t] = beta v[t-1] + I[t] - threshold z[t-1]
    z[t] = 1 if v[t] > threshold; dz/du = max(0, 1 - |u|), u = v/threshold - 1

The library benchmark of Open Neuromorphic: N inputs, N neurons, no bias, batch 16, 500 steps,
the gradient of the weights. Of the three formulations of the time loop below, --form times one;
"fastest" tries all and times the fastest.
"""

import argparse
import json
import sys
import warnings

import torch

from peer import environment, report, settle, snnctl_check, timings

BETA, THRESHOLD, DENSITY = 0.9, 1.0, 0.02  # as in snnctl bench linlif


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return (v > THRESHOLD).to(v.dtype)

    @staticmethod
    def backward(ctx, grad_z):
        v, = ctx.saved_tensors
        return (v / THRESHOLD - 1).abs_().neg_().add_(1).clamp_(min=0).mul_(grad_z).div_(THRESHOLD)


def loop(currents, beta):
    """Step by step on the tape, as the libraries do; unbind before the loop."""
    v = z = torch.zeros_like(currents[0])
    spikes = []
    for current in currents.unbind(0):
        v = torch.add(torch.add(current, v, alpha=beta), z, alpha=-THRESHOLD)
        z = Spike.apply(v)
        spikes.append(z)
    return torch.stack(spikes)


@torch.jit.script
def scripted_steps(currents: torch.Tensor, beta: float, threshold: float):
    v = torch.zeros_like(currents[0])
    z = torch.zeros_like(v)
    potentials = torch.empty_like(currents)
    spikes = torch.empty_like(currents)
    for t in range(currents.shape[0]):
        v = torch.add(torch.add(currents[t], v, alpha=beta), z, alpha=-threshold)
        z = (v > threshold).to(v.dtype)
        potentials[t] = v
        spikes[t] = z
    return potentials, spikes


@torch.jit.script
def scripted_adjoint(potentials: torch.Tensor, grad_z: torch.Tensor, beta: float, threshold: float):
    psi = (potentials / threshold - 1).abs_().neg_().add_(1).clamp_(min=0).div_(threshold)
    out = torch.empty_like(potentials)
    g = torch.zeros_like(potentials[0])
    for i in range(potentials.shape[0]):
        t = potentials.shape[0] - 1 - i
        g = torch.addcmul(g * beta, psi[t], torch.sub(grad_z[t], g, alpha=threshold))
        out[t] = g
    return out


class Whole(torch.autograd.Function):
    """The sequence as one operation with a hand-written adjoint, as in snnctl."""

    @staticmethod
    def forward(ctx, currents, beta):
        potentials, spikes = scripted_steps(currents, beta, THRESHOLD)
        ctx.save_for_backward(potentials)
        ctx.beta = beta
        return spikes

    @staticmethod
    def backward(ctx, grad_z):
        potentials, = ctx.saved_tensors
        return scripted_adjoint(potentials, grad_z, ctx.beta, THRESHOLD), None


def whole(currents, beta):
    return Whole.apply(currents, beta)


FORMS = {"loop": loop, "whole": whole}


def job(form, x, weight, beta=BETA, sparse=None):
    """One pass; sparse is x as CSR and its transpose, to multiply by its ones only."""
    weight.grad = None
    steps, batch, n = x.shape
    if sparse is None:
        currents = torch.mm(x.view(-1, n), weight)
    else:
        currents = SparseProduct.apply(weight, *sparse)
    spikes = FORMS[form](currents.view(steps, batch, n), beta)
    spikes.sum().backward()
    return spikes.detach()


class SparseProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx, weight, x, x_transposed):
        ctx.x_transposed = x_transposed
        return torch.mm(x, weight)

    @staticmethod
    def backward(ctx, grad):
        return torch.mm(ctx.x_transposed, grad), None, None


def check(binary):
    """The small case of snnctl bench linlif --check."""
    n, steps, batch = 48, 100, 3
    t, b, i = torch.meshgrid(torch.arange(steps), torch.arange(batch), torch.arange(n), indexing="ij")
    spikes = ((7 * t + 13 * b + 29 * i + t * i) % 23 == 0).float()
    numbers = torch.where(spikes == 1, spikes, (t % 3 - 1) * 0.125)
    i, j = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
    weight = (((37 * i + 101 * j + 7 * i * j) % 127 - 45) / 128).requires_grad_()
    ours, fits = snnctl_check(binary, "linlif"), True
    for name, x in ("spikes", spikes), ("numbers", numbers):
        for form in FORMS:
            z = job(form, x, weight)
            fits &= report(f"{name}, {form}: spike counts", ours[name]["counts"], z.sum((0, 1)), 0)
            fits &= report(f"{name}, {form}: gradient", ours[name]["gradient"], weight.grad, 1e-5)
        csr = spikes.view(-1, n).to_sparse_csr(), spikes.view(-1, n).t().contiguous().to_sparse_csr()
    z = job("whole", spikes, weight, sparse=csr)
    fits &= report("spikes, sparse: gradient", ours["spikes"]["gradient"], weight.grad, 1e-5)
    return fits


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, default=256)
    parser.add_argument("--input", choices=("spikes", "numbers"), default="spikes")
    parser.add_argument("--form", choices=(*FORMS, "sparse", "fastest"), default="fastest")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--check", metavar="SNNCTL", help="compare a small case with this binary, and time nothing")
    args = parser.parse_args()
    settle(args.threads)
    warnings.filterwarnings("ignore", message="Sparse CSR")
    if args.check:
        sys.exit(0 if check(args.check) else 1)

    n = args.neurons
    gain = 0.35 / n**0.5
    if args.input == "spikes":
        x = (torch.rand(args.steps, args.batch, n) < DENSITY).float()
        gain /= DENSITY**0.5
    else:
        x = torch.randn(args.steps, args.batch, n)
    weight = (gain * torch.randn(n, n)).requires_grad_()
    ways = {form: (form, None) for form in FORMS}
    if args.input == "spikes":
        flat = x.view(-1, n)
        ways["sparse"] = "whole", (flat.to_sparse_csr(), flat.t().contiguous().to_sparse_csr())
    run = {name: (lambda form=form, sparse=sparse: job(form, x, weight, sparse=sparse)) for name, (form, sparse) in ways.items()}
    if args.form == "fastest":
        tried = {name: timings(work, 3)["seconds_min"] for name, work in run.items()}
        args.form = min(tried, key=tried.get)
    result = timings(run[args.form], args.repeats)
    rate = run[args.form]().mean().item()
    print(json.dumps({**result, **environment(), "form": args.form, "neurons": n, "input": args.input,
                      "steps": args.steps, "batch": args.batch, "spikes_per_neuron_and_step": rate}))


if __name__ == "__main__":
    main()
