#!/usr/bin/python3
"""The likelihood of the mesoscopic model (arXiv:2205.13493) and its gradient in PyTorch, the peer of `snnctl bench neulvm`.

A loop over bins of tensors [populations, ages], in float64, with automatic differentiation by
the trajectory and the parameters: what each iteration of a fit costs. `--check FILE` compares
loss and gradient with a golden vector; `--fit FILE` makes the whole fit that `snnctl bench neulvm --problem FILE`
makes and describes: steps of Adam to the trajectory, then the parameters by L-BFGS (of SciPy).
"""

import argparse
import json
import math
import time

import torch


def negative_log_likelihood(p, Z, y, init, A, r, d, x=None):
    """Section 4 of the method; p holds dt, N, asyn (constants), amem, mu, th [M] and J [M, M]."""
    dt, N = p["dt"], p["N"]
    T = Z.shape[1] - A
    V, S, I = init["V"], init["S"], init["I"]
    v, age = init["v"], init["age"]  # [M, R]
    free = (torch.arange(A) >= r).to(Z.dtype)
    es = torch.exp(-p["asyn"] * dt)
    nll = torch.zeros((), dtype=Z.dtype)
    leak = (dt * p["amem"])[:, None]
    mu, th = p["mu"][:, None], p["th"][:, None]
    first = torch.zeros_like(V[:, :1])
    for t in range(T):
        if t > d:
            I = es * I + (1 - es) * Z[:, A + t - 1 - d] / dt
        G = I @ p["J"]
        if x is not None:
            G = G + x[t]
        V = (V + leak * (mu - V) + dt * G[:, None]) * free
        lam = torch.exp(V - th) * free + 1e-8 * (1 - free)
        P = -torch.expm1(-lam * dt)
        m = S * Z[:, t:t + A].flip(1)
        w = (1 - S) * m
        W = w.sum(1)
        rate = torch.where(W > 0, (w * P).sum(1) / torch.where(W > 0, W, torch.ones_like(W)), torch.zeros_like(W))
        zbar = ((m * P).sum(1) + rate * (1 - m.sum(1))).clamp(0, 1)
        var = zbar / N + 0.1 * dt / N
        e = Z[:, A + t] - zbar
        nll = nll + (e * e / (2 * var) + 0.5 * torch.log(var) + 0.5 * math.log(2 * math.pi)).sum()
        S = torch.cat([first + 1, (S * torch.exp(-lam * dt))[:, :-1]], 1)
        V = torch.cat([first, V[:, :-1]], 1)
        # observed neurons
        out = (age >= r).to(Z.dtype)
        v = (v + leak * (mu - v) + dt * G[:, None]) * out
        q = (torch.exp(v - th) * out + 1e-8 * (1 - out)) * dt
        spiked = y[t]
        nll = nll - (spiked * torch.log(-torch.expm1(-q)) - (1 - spiked) * q).sum()
        v = v * (1 - spiked)
        age = torch.where(spiked > 0, torch.zeros_like(age), age + 1)
    return nll


def tensors(params):
    t = lambda x: torch.tensor(x, dtype=torch.float64)
    p = {k: t(params[k]) for k in ("N", "asyn", "amem", "mu", "th", "J")}
    p["dt"] = params["dt"]
    for k in ("amem", "mu", "th", "J"):
        p[k].requires_grad_()
    return p


def check(path):
    g = json.load(open(path))
    t = lambda x: torch.tensor(x, dtype=torch.float64)
    p, init = tensors(g["params"]), {k: t(g["init"][k]) for k in ("V", "S", "I", "v", "age")}
    Z = t(g["Z"]).requires_grad_()
    nll = negative_log_likelihood(p, Z, t(g["y"]), init, g["A"], g["ref_bins"], g["delay_bins"], t(g["I_ext"]))
    nll.backward()
    want = g["exact"]
    fits = abs(nll.item() / want["nll"] - 1) < 1e-9
    for name, got in (("Z", Z), ("amem", p["amem"]), ("mu", p["mu"]), ("th", p["th"]), ("J", p["J"])):
        difference = (got.grad - t(want["grad_nll"][name])).abs().max().item()
        scale = t(want["grad_nll"][name]).abs().max().item()
        fits &= difference < 1e-7 * scale
        print(f"d/d{name:5} max |difference| {difference:.3g} of numbers up to {scale:.3g}")
    print("same" if fits else "DIFFERENT")
    return fits


def fit(path):
    """One cycle of the published rule (section 5.1 of the method, point 4), on the same problem as snnctl's."""
    import numpy as np
    from scipy.optimize import minimize

    g = json.load(open(path))
    t = lambda x: torch.tensor(x, dtype=torch.float64)
    A, init, y = g["A"], {k: t(g["init"][k]) for k in ("V", "S", "I", "v", "age")}, t(g["y"])
    p, Z = tensors(g["params"]), t(g["Z"])
    terms = Z[:, A:].numel()
    evaluations = 0
    began, used = time.perf_counter(), time.process_time()

    def loss(p, Z):
        nonlocal evaluations
        evaluations += 1
        return negative_log_likelihood(p, Z, y, init, A, g["ref_bins"], g["delay_bins"])

    fixed = {k: (v.detach() if torch.is_tensor(v) else v) for k, v in p.items()}
    z, history = Z[:, A:].clone(), Z[:, :A]
    m, v, best, lowest = torch.zeros_like(z), torch.zeros_like(z), z.clone(), math.inf
    for k in range(1, g["trajectory_steps"] + 1):
        z.requires_grad_()
        value = loss(fixed, torch.cat([history, z], 1))
        (d,) = torch.autograd.grad(value, z)
        z = z.detach()
        if value.item() < lowest:
            lowest, best = value.item(), z.clone()
        d = torch.nan_to_num(d / terms)
        m, v = 0.9 * m + 0.1 * d, 0.999 * v + 0.001 * d * d
        z = (z - 1e-3 * math.sqrt(1 - 0.999**k) / (1 - 0.9**k) * m / (v.sqrt() + 1e-7)).clamp(1e-5, 1)
    Z = torch.cat([history, best], 1)

    names = ("amem", "mu", "th", "J")
    lower, upper = 0.4, 2.0
    reference = {k: fixed[k] / g["ratio"] for k in names}  # the network written is at that ratio of it
    free = {k: reference[k] != 0 for k in names}
    count = sum(int(f.sum()) for f in free.values())
    s = (g["ratio"] - lower) / (upper - lower)
    start = np.full(count, math.log(s / (1 - s)))

    def value_and_gradient(x):
        x = torch.tensor(x, requires_grad=True)
        ratios, at, q = lower + (upper - lower) * torch.sigmoid(x), 0, dict(fixed)
        for k in names:
            n = int(free[k].sum())
            scaled = torch.zeros_like(reference[k])
            scaled[free[k]] = ratios[at:at + n] * reference[k][free[k]]
            q[k], at = scaled, at + n
        value = loss(q, Z)
        value.backward()
        return value.item(), x.grad.numpy()

    result = minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", options={"maxiter": g["parameter_iterations"], "maxcor": 12})
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), "evaluations": evaluations, "fit_loss": result.fun / terms,
                      "seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used}))


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("--bins", type=int, default=2500)
    a.add_argument("--ages", type=int, default=250)
    a.add_argument("--repeats", type=int, default=3)
    a.add_argument("--threads", type=int, default=1)
    a.add_argument("--check", metavar="FILE")
    a.add_argument("--fit", metavar="FILE")
    o = a.parse_args()
    torch.set_num_threads(o.threads)
    if o.check:
        raise SystemExit(0 if check(o.check) else 1)
    if o.fit:
        fit(o.fit)
        return
    th = 6 - math.log(10)
    e, i = 9.984, 19.968
    params = {"dt": 4e-3, "N": [400, 400, 200], "asyn": [1000 / 3, 1000 / 3, 500 / 3], "amem": [50] * 3, "mu": [14.4] * 3, "th": [th] * 3,
              "J": [[e, 0, e], [0, e, e], [-i, -i, -i]]}
    p = tensors(params)
    torch.manual_seed(1)
    rates = torch.tensor([19.0, 6.0, 24.5], dtype=torch.float64)[:, None] * 4e-3
    Z = (rates * (1 + 0.2 * torch.randn(3, o.ages + o.bins, dtype=torch.float64))).clamp(1e-5, 1).requires_grad_()
    y = (torch.rand(o.bins, 3, 3, dtype=torch.float64) < rates.T[0][:, None]).to(torch.float64)
    zeros = torch.zeros(3, o.ages, dtype=torch.float64)
    init = {"V": zeros, "S": zeros + 1, "I": rates[:, 0] / 4e-3, "v": torch.zeros(3, 3, dtype=torch.float64), "age": torch.zeros(3, 3, dtype=torch.float64)}
    wall, cpu = [], []
    for k in range(o.repeats + 1):
        began, used = time.perf_counter(), time.process_time()
        for x in (Z, p["amem"], p["mu"], p["th"], p["J"]):
            x.grad = None
        negative_log_likelihood(p, Z, y, init, o.ages, 1, 0).backward()
        if k > 0:
            wall.append(time.perf_counter() - began)
            cpu.append(time.process_time() - used)
    print(json.dumps({"bins": o.bins, "ages": o.ages, "threads": o.threads, "torch": torch.__version__, "seconds_min": min(wall), "cpu_seconds_min": min(cpu)}))


if __name__ == "__main__":
    main()
