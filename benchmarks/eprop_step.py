#!/usr/bin/python3
"""A training step of e-prop (arXiv:1901.09049, the unit-gain form) in PyTorch, timed.

Online, as the rule is stated: every synapse has an eligibility trace, vectorised over batch, presynaptic
side and neurons, and nothing is kept of the steps that are past. With the penalty on firing rates.

    b = rho b + z;  A = thr + beta b;  v = alpha v + x Win + z Wrec - thr z;  z = v > A, unless refractory
    psi = gamma/thr max(0, 1 - |v - A|/thr)
    epsv = alpha epsv + pre;  e = psi epsv - beta psi epsa;  epsa = rho epsa + e;  ebar = kappa ebar + (1-kappa) e
    dW = sum_t L ebar + C sum_t e,  L = feedback (softmax - target)/N

Of the formulations, --form times one; "fastest" tries all and times the fastest.
"""

import argparse
import json
import math
import sys

import torch

from peer import environment, report, settle, snnctl_check, timings

DAMPENING = 0.3


class Task:
    """Input spikes [T][B][n_in], classes [B], and how many of the last steps are scored."""

    def __init__(self, x, classes, scored):
        self.x, self.classes, self.scored = x, classes, scored


class Network:
    def __init__(self, w_in, w_rec, w_out, feedback, lif, tau_adaptation, beta, threshold, refractory, strength, target):
        self.w_in, self.w_rec, self.w_out, self.feedback = w_in, w_rec, w_out, feedback
        self.lif, self.threshold, self.refractory, self.strength, self.target = lif, threshold, refractory, strength, target
        self.alpha, self.kappa = math.exp(-1 / 20), math.exp(-1 / 20)
        self.rho = math.exp(-1 / tau_adaptation)
        self.beta = beta


def online(net, task, script):
    """Loss and gradients, step by step."""
    x, (steps, batch, inputs) = task.x, task.x.shape
    n, outputs = net.w_out.shape
    like = dict(dtype=x.dtype)
    v, b, z = torch.zeros(batch, n, **like), torch.zeros(batch, n, **like), torch.zeros(batch, n, **like)
    blocked = torch.zeros(batch, n, **like)
    zbar, counts = torch.zeros(batch, n, **like), torch.zeros(batch, n, **like)
    pre, epsv = torch.empty(batch, inputs + n, **like), torch.zeros(batch, inputs + n, **like)
    epsa = torch.zeros(batch, inputs + n, n - net.lif, **like)
    e, ebar = torch.empty(batch, inputs + n, n, **like), torch.zeros(batch, inputs + n, n, **like)
    by_error, by_rate = torch.zeros(inputs + n, n, **like), torch.zeros(inputs + n, n, **like)
    d_out = torch.zeros(n, outputs, **like)
    loss = torch.zeros((), **like)
    wanted = torch.nn.functional.one_hot(task.classes, outputs).to(x.dtype)
    beta = torch.full((n,), net.beta, **like)
    beta[:net.lif] = 0
    currents = (x.view(-1, inputs) @ net.w_in).view(steps, batch, n)
    for t, (current, spikes) in enumerate(zip(currents.unbind(0), x.unbind(0))):
        b = net.rho * b + z
        a = net.threshold + beta * b
        v = net.alpha * v + current + z @ net.w_rec - net.threshold * z
        pre[:, :inputs], pre[:, inputs:] = spikes, z
        epsv.mul_(net.alpha).add_(pre)
        u = (v - a) / net.threshold
        free = (blocked == 0).to(x.dtype)
        z = (u > 0).to(x.dtype) * free
        psi = (1 - u.abs()).clamp_(min=0).mul_(DAMPENING / net.threshold) * free
        blocked = (blocked + net.refractory * z - 1).clamp_(0, net.refractory)
        script(epsv, psi, psi[:, net.lif:] * net.beta, epsa, e, ebar, net.rho, net.kappa, net.lif)
        by_rate.add_(e.sum(0))
        zbar = net.kappa * zbar + (1 - net.kappa) * z
        counts += z
        if t >= steps - task.scored:
            log_p = torch.log_softmax(zbar @ net.w_out, 1)
            scale = 1 / (batch * task.scored)
            loss -= scale * (log_p * wanted).sum()
            delta = scale * (log_p.exp() - wanted)
            by_error.add_(torch.einsum("bj,bij->ij", delta @ net.feedback.t(), ebar))
            d_out.add_(zbar.t() @ delta)
    rates = counts.sum(0) / (batch * steps)
    g = by_error + by_rate * (2 * net.strength / (batch * steps) * (rates - net.target))
    d_rec = g[inputs:]
    d_rec.fill_diagonal_(0)
    loss += net.strength * ((rates - net.target) ** 2).sum()
    return loss, counts.sum(), g[:inputs], d_rec, d_out


def traces(epsv, psi, phi, epsa, e, ebar, rho: float, kappa: float, lif: int):
    torch.mul(epsv.unsqueeze(2), psi.unsqueeze(1), out=e)
    adaptive = e[:, :, lif:]
    adaptive.addcmul_(phi.unsqueeze(1), epsa, value=-1)
    epsa.mul_(rho).add_(adaptive)
    ebar.mul_(kappa).add_(e, alpha=1 - kappa)


def lerped(epsv, psi, phi, epsa, e, ebar, rho: float, kappa: float, lif: int):
    """The same with one pass less over ebar."""
    torch.mul(epsv.unsqueeze(2), psi.unsqueeze(1), out=e)
    adaptive = e[:, :, lif:]
    adaptive.addcmul_(phi.unsqueeze(1), epsa, value=-1)
    epsa.mul_(rho).add_(adaptive)
    ebar.lerp_(e, 1 - kappa)


@torch.jit.script
def scripted(epsv: torch.Tensor, psi: torch.Tensor, phi: torch.Tensor, epsa: torch.Tensor, e: torch.Tensor, ebar: torch.Tensor,
             rho: float, kappa: float, lif: int):
    torch.mul(epsv.unsqueeze(2), psi.unsqueeze(1), out=e)
    adaptive = e[:, :, lif:]
    adaptive.addcmul_(phi.unsqueeze(1), epsa, value=-1)
    epsa.mul_(rho).add_(adaptive)
    ebar.lerp_(e, 1 - kappa)


FORMS = {"loop": traces, "lerp": lerped, "scripted": scripted}


def check(binary):
    """The small case of snnctl bench eprop --check, in float64."""
    inputs, lif, alif, steps, batch = 6, 4, 4, 120, 3
    n = lif + alif
    t, b, i = torch.meshgrid(torch.arange(steps), torch.arange(batch), torch.arange(inputs), indexing="ij")
    x = ((7 * t + 13 * b + 29 * i + t * i) % 11 == 0).double()

    def formula(rows, columns, period, offset, scale):
        k = torch.arange(rows * columns)
        return (scale * ((37 * k + 11 * k * k) % period - offset).double() / period).view(rows, columns)

    w_rec = formula(n, n, 113, 60, 0.5)
    w_rec.fill_diagonal_(0)
    net = Network(formula(inputs, n, 127, 45, 1), w_rec, formula(n, 2, 31, 15, 1), formula(n, 2, 37, 18, 1),
                  lif, 200, 0.1, 0.6, 5, 1, 0.01)
    task = Task(x, torch.arange(batch) % 2, 40)
    ours, fits = snnctl_check(binary, "eprop"), True
    for form, script in FORMS.items():
        loss, spikes, d_in, d_rec, d_out = online(net, task, script)
        for compute, want in sorted(ours.items()):
            label = f"{form} and {compute}: "
            fits &= report(label + "loss", [want["loss"]], loss, 1e-14)
            fits &= report(label + "spikes", [want["spikes"]], spikes, 0)
            for name, got in ("w_in", d_in), ("w_rec", d_rec), ("w_out", d_out):
                fits &= report(label + name, want[name], got, 1e-13)
    return fits


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--form", choices=(*FORMS, "fastest"), default="fastest")
    parser.add_argument("--steps", type=int, default=2250)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--check", metavar="SNNCTL", help="compare a small case with this binary, and time nothing")
    args = parser.parse_args()
    settle(args.threads)
    torch.set_grad_enabled(False)  # the rule needs no tape
    if args.check:
        sys.exit(0 if check(args.check) else 1)

    inputs, n = 40, 100
    net = Network(torch.randn(inputs, n) / inputs**0.5, torch.randn(n, n) / n**0.5, (6 / (n + 2))**0.5 * (2 * torch.rand(n, 2) - 1),
                  None, 50, 2000, 0.0174231, 0.6, 5, 1, 0.01)
    net.w_rec.fill_diagonal_(0)
    net.feedback = net.w_out
    x = (torch.rand(args.steps, args.batch, inputs) < 0.01).float()
    task = Task(x, torch.arange(args.batch) % 2, 150)
    moments = {}

    def adam(gradients, rate=1e-9, t=1):
        for k, (w, g) in enumerate(zip((net.w_in, net.w_rec, net.w_out), gradients)):
            m, s = moments.setdefault(k, (torch.zeros_like(w), torch.zeros_like(w)))
            m.lerp_(g, 0.1)
            s.mul_(0.999).addcmul_(g, g, value=0.001)
            w.addcdiv_(m / (1 - 0.9**t), (s / (1 - 0.999**t)).sqrt_().add_(1e-8), value=-rate)

    def step(form):
        _, spikes, *gradients = online(net, task, FORMS[form])
        adam(gradients)
        return spikes.item()

    if args.form == "fastest":
        whole, task.x = task.x, task.x[:200].contiguous()  # enough to tell
        tried = {name: timings(lambda name=name: step(name), 3)["seconds_min"] for name in FORMS}
        args.form, task.x = min(tried, key=tried.get), whole
    spikes = []
    result = timings(lambda: spikes.append(step(args.form)), args.repeats)
    rate = 1000 * spikes[-1] / (args.batch * args.steps * n)
    print(json.dumps({**result, **environment(), "form": args.form, "neurons": n, "inputs": inputs, "steps": args.steps,
                      "batch": args.batch, "rate_hz": rate}))


if __name__ == "__main__":
    main()
