#!/usr/bin/python3
"""One training step of the LSNN (arXiv:1803.09574) as a PyTorch loop, timed.

Equations, for step t and neuron j (all state zero before step 0):

    b[t]    = rho b[t-1] + (1-rho) z[t-1]                        adaptation
    A[t]    = threshold + beta b[t]                              effective threshold
    I[t]    = sum_i Win x[t-d] + sum_i Wrec z[t-1-d]             d: delay slot of the synapse
    v[t]    = alpha v[t-1] + (1-alpha) I[t] - A[t] z[t-1]        soft reset
    z[t]    = 1 if v[t] > A[t] and no spike in t-n_ref .. t-1
    zbar[t] = kappa zbar[t-1] + (1-kappa) z[t]                   readout filter
    y[t]    = zbar[t] Wout + bout

check_lsnn.py holds this file to golden vectors in float64.
"""

import argparse
import ctypes
import json
import math
import re
import resource
import statistics
import sys
import time
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy


class Parameters(NamedTuple):
    tau_membrane_ms: float = 20.0
    tau_adaptation_ms: float = 700.0
    tau_readout_ms: float = 20.0
    threshold: float = 0.01
    dampening: float = 0.3
    refractory_steps: int = 5
    delay_slots: int = 10
    readout_steps: int = 28  # logits are the mean of the last outputs
    rate_cost: float = 0.1
    target_rate: float = 0.010  # spikes per step
    detach_reset: bool = False


class Network(NamedTuple):
    """Weights are [pre][post]; delay slots have the shape of their weights."""

    w_in: torch.Tensor
    w_rec: torch.Tensor
    w_out: torch.Tensor
    b_out: torch.Tensor
    d_in: torch.Tensor
    d_rec: torch.Tensor
    beta: torch.Tensor  # (n), 0 for LIF neurons

    def trainable(self):
        return self[:4]


class Spike(torch.autograd.Function):
    """z = [v > A and open], with dz/du = dampening max(0, 1-|u|) where open, u = (v-A)/A.

    One function of v and A rather than of u: fewer nodes, and fewer tensors kept.
    """

    @staticmethod
    def forward(ctx, v, threshold, is_open, dampening):
        ctx.save_for_backward(v, threshold, is_open)
        ctx.dampening = dampening
        return (v > threshold).logical_and_(is_open).to(v.dtype)

    @staticmethod
    def backward(ctx, grad_z):
        v, threshold, is_open = ctx.saved_tensors
        ratio = v / threshold  # u + 1
        slope = (ratio - 1).abs_().neg_().add_(1).clamp_(min=0).mul_(is_open)
        grad_v = slope.mul_(grad_z).div_(threshold).mul_(ctx.dampening)
        return grad_v, ratio.mul_(grad_v).neg_(), None, None


def delayed_input(x, slots):
    """x (B,T,n_in) dense -> sparse (T*B, slots*n_in), the spikes that arrive at each step.

    Sparse, because two or three of the paper's 80 input lines are active at a step. This
    is the data loader's work, done once per batch, and is not timed.
    """
    batch, steps, n_in = x.shape
    t, b, i = x.transpose(0, 1).nonzero(as_tuple=True)
    rows, cols = [], []
    for d in range(slots):
        in_time = t + d < steps
        rows.append(((t + d) * batch + b)[in_time])
        cols.append((d * n_in + i)[in_time])
    at = torch.stack([torch.cat(rows), torch.cat(cols)])
    ones = torch.ones(at.shape[1], dtype=x.dtype)
    return torch.sparse_coo_tensor(at, ones, (steps * batch, slots * n_in)).coalesce()


def by_slot(weights, delays, slots):
    """(pre,post) -> (slots,pre,post): each weight in the slot of its delay, 0 elsewhere."""
    return weights * (delays == torch.arange(slots).view(-1, 1, 1))


def simulate(arrivals, batch, steps, network, p, trace=None):
    """Runs all steps; returns the logits (B,n_out) and the spike counts (B,n)."""
    n, slots = network.w_rec.shape[0], p.delay_slots
    alpha = math.exp(-1 / p.tau_membrane_ms)
    rho = math.exp(-1 / p.tau_adaptation_ms)
    kappa = math.exp(-1 / p.tau_readout_ms)

    # The factor (1-alpha) of I is put into the weights, once.
    w_in = (1 - alpha) * by_slot(network.w_in, network.d_in, slots)
    no_autapses = 1 - torch.eye(n, dtype=network.w_rec.dtype)
    w_rec = (1 - alpha) * by_slot(network.w_rec * no_autapses, network.d_rec, slots)
    w_rec = w_rec.reshape(slots * n, n)

    # unbind before the loop: indexing inside it makes the adjoint quadratic in the steps.
    currents = torch.sparse.mm(arrivals, w_in.reshape(-1, n))
    currents = currents.view(steps, batch, n).unbind(0)

    zero = torch.zeros(batch, n, dtype=w_rec.dtype)
    v = b = z = zbar = readout = counts = zero
    recent = [zero] * slots  # spikes of the last steps, newest first
    refractory_until = torch.full((batch, n), -1, dtype=torch.int16)
    threshold = torch.full((n,), p.threshold, dtype=w_rec.dtype)

    for t in range(steps):
        b = torch.lerp(z, b, rho)
        a = torch.addcmul(threshold, network.beta, b)
        recent = [z] + recent[: slots - 1]
        arriving = torch.cat(recent, 1) if slots > 1 else z
        current = torch.addmm(currents[t], arriving, w_rec)
        reset = (a.detach(), z.detach()) if p.detach_reset else (a, z)
        v = torch.add(current, v, alpha=alpha).addcmul_(*reset, value=-1)
        z = Spike.apply(v, a, refractory_until < t, p.dampening)
        refractory_until.masked_fill_(z.detach().bool(), t + p.refractory_steps)
        zbar = torch.lerp(z, zbar, kappa)
        counts = counts + z
        if t >= steps - p.readout_steps:
            readout = readout + zbar
        if trace is not None:
            trace.append({"b": b, "A": a, "v": v, "z": z, "zbar": zbar})

    logits = readout / min(steps, p.readout_steps) @ network.w_out + network.b_out
    return logits, counts


def losses(logits, counts, labels, steps, p):
    """Cross-entropy in nats and the rate regulariser."""
    rates = counts.mean(0) / steps
    return cross_entropy(logits, labels), p.rate_cost * ((rates - p.target_rate) ** 2).sum()


def random_network(n_in, n_lif, n_alif, n_out, slots):
    n = n_lif + n_alif
    bound = math.sqrt(6 / (n + n_out))
    return Network(
        w_in=torch.randn(n_in, n) / math.sqrt(n_in),
        w_rec=torch.randn(n, n) / math.sqrt(n),
        w_out=torch.empty(n, n_out).uniform_(-bound, bound),
        b_out=torch.zeros(n_out),
        d_in=torch.randint(slots, (n_in, n)),
        d_rec=torch.randint(slots, (n, n)),
        beta=torch.cat([torch.zeros(n_lif), torch.full((n_alif,), 1.8)]),
    )


def fire_at(network, x, rate_hz, p):
    """Scales the weights by one factor, found by bisection, so that the mean rate is rate_hz."""
    x = x[:16]
    batch, steps, _ = x.shape
    arrivals = delayed_input(x, p.delay_slots)
    low, high = 0.0, 4.0
    for _ in range(12):
        gain = (low + high) / 2
        scaled = network._replace(w_in=network.w_in * gain, w_rec=network.w_rec * gain)
        with torch.no_grad():
            _, counts = simulate(arrivals, batch, steps, scaled, p)
        if counts.mean().item() / steps * 1000 < rate_hz:
            low = gain
        else:
            high = gain
    return scaled


def keep_freed_memory():
    """Tells glibc's malloc not to give freed buffers back to the kernel after each operation,
    which would page-fault every large temporary anew: worth a factor of up to two here."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    trim_threshold, mmap_threshold = -1, -3
    mallopt(trim_threshold, 2**31 - 1)
    mallopt(mmap_threshold, 2**30)


def gemm_gflops():
    """Speed of a matrix product by CPU time, to see whether torch was given a good BLAS."""
    a = torch.rand(512, 512)
    fastest = math.inf
    for _ in range(5):
        start = time.process_time()
        a @ a
        fastest = min(fastest, time.process_time() - start)
    return 2 * 512**3 / fastest / 1e9


def blas_library():
    """The BLAS that this process has mapped: libblas.so.3 alone is the slow reference one."""
    with open("/proc/self/maps") as maps:
        found = set(re.findall(r"/(lib(?:open)?blas[^/\s]*|libmkl[^/\s]*)$", maps.read(), re.M))
    return " ".join(sorted(found)) or "built into torch"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--steps", type=int, default=840)
    parser.add_argument("--inputs", type=int, default=80)
    parser.add_argument("--lif", type=int, default=120)
    parser.add_argument("--alif", type=int, default=100)
    parser.add_argument("--delays", type=int, default=10, help="delay slots; 1 means no extra delay")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3, help="timed steps, after one that is not")
    parser.add_argument("--rate-hz", type=float, default=10.0)
    args = parser.parse_args()

    keep_freed_memory()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    speed = gemm_gflops()
    if speed < 15:
        print(
            f"warning: torch multiplies matrices at {speed:.0f} GFLOP/s only, probably with the"
            " reference BLAS: the comparison would be unfair; see README.md",
            file=sys.stderr,
        )

    p = Parameters(delay_slots=args.delays)
    # Sequential MNIST has about 1955 image spikes and 56 cue spikes in 840 steps.
    x = (torch.rand(args.batch, args.steps, args.inputs) < 2.4 / args.inputs).float()
    labels = torch.randint(10, (args.batch,))
    network = random_network(args.inputs, args.lif, args.alif, 10, args.delays)
    network = fire_at(network, x, args.rate_hz, p)
    arrivals = delayed_input(x, args.delays)
    del x
    for w in network.trainable():
        w.requires_grad_()
    # A negligible rate keeps the spikes, and so the work, the same in every repeat.
    adam = torch.optim.Adam(network.trainable(), lr=1e-12)

    seconds, seconds_with_update, cpu_seconds = [], [], []
    for _ in range(args.repeats + 1):
        adam.zero_grad(set_to_none=True)
        start, cpu_start = time.perf_counter(), time.process_time()
        logits, counts = simulate(arrivals, args.batch, args.steps, network, p)
        sum(losses(logits, counts, labels, args.steps, p)).backward()
        seconds.append(time.perf_counter() - start)
        cpu_seconds.append(time.process_time() - cpu_start)
        adam.step()
        seconds_with_update.append(time.perf_counter() - start)
    # The first step is a warm-up.
    seconds, seconds_with_update, cpu_seconds = seconds[1:], seconds_with_update[1:], cpu_seconds[1:]

    print(json.dumps({
        "seconds": seconds,
        "seconds_median": statistics.median(seconds),
        "seconds_min": min(seconds),
        "cpu_seconds_min": min(cpu_seconds),
        "seconds_with_update": seconds_with_update,
        "seconds_with_update_median": statistics.median(seconds_with_update),
        "seconds_with_update_min": min(seconds_with_update),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "threads": torch.get_num_threads(),
        "rate_hz": counts.mean().item() / args.steps * 1000,
        "neurons": args.lif + args.alif,
        "steps": args.steps,
        "batch": args.batch,
        "inputs": args.inputs,
        "delays": args.delays,
        "torch": torch.__version__,
        "blas": blas_library(),
        "gemm_gflops": speed,
    }))


if __name__ == "__main__":
    main()
