#!/usr/bin/python3
"""Runs the loop of lsnn_step.py in float64 on golden vectors: forward and both gradients."""

import argparse
import json
import os
import pathlib
import sys

import torch

import lsnn_step

TOLERANCE = 1e-10


def main():
    here = pathlib.Path(__file__).resolve().parent
    default = os.environ.get("SNNCTL_GOLDEN", here.parent.parent / "shared" / "golden")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--golden", type=pathlib.Path, default=pathlib.Path(default),
                        help="lsnn/tiny.json, or the folder that holds lsnn/ (SNNCTL_GOLDEN)")
    path = parser.parse_args().golden
    if path.is_dir():
        path = path / "lsnn" / "tiny.json"
    golden = json.loads(path.read_text())

    failed = 0

    def check(name, got, want):
        nonlocal failed
        want = torch.tensor(want, dtype=torch.float64)
        if got.shape != want.shape:
            sys.exit(f"{name}: shape {tuple(got.shape)}, expected {tuple(want.shape)}")
        largest = (got.double() - want).abs().max().item()
        good = largest <= TOLERANCE
        failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {name:32} largest difference {largest:.1e}")

    for setting in ("grad_full", "grad_detached_reset"):
        network, p = read(golden, detach_reset=setting == "grad_detached_reset")
        x = torch.tensor(golden["x"], dtype=torch.float64)
        batch, steps, _ = x.shape
        trace = []
        arrivals = lsnn_step.delayed_input(x, p.delay_slots)
        logits, counts = lsnn_step.simulate(arrivals, batch, steps, network, p, trace)
        task, rate = lsnn_step.losses(logits, counts, torch.tensor(golden["label"]), steps, p)
        (task + rate).backward()

        if setting == "grad_full":
            rows = {k: torch.stack([row[k] for row in trace], 1).detach() for k in trace[0]}
            for key in ("z", "v", "b", "A"):
                check(key, rows[key], golden[key])
            check("y", (rows["zbar"] @ network.w_out + network.b_out).detach(), golden["y"])
            check("logits", logits.detach(), golden["logits"])
            check("loss_ce", task.detach(), golden["loss_ce"])
            check("loss_reg", rate.detach(), golden["loss_reg"])
        for name in ("w_in", "w_rec", "w_out", "b_out"):
            check(f"{setting}/{name}", getattr(network, name).grad, golden[setting][name])

    if failed:
        sys.exit(f"{failed} of the comparisons exceed {TOLERANCE:g}")


def read(golden, detach_reset):
    real = {k: torch.tensor(golden[k], dtype=torch.float64, requires_grad=True)
            for k in ("w_in", "w_rec", "w_out", "b_out")}
    params = golden["params"]
    network = lsnn_step.Network(
        **real,
        d_in=torch.tensor(golden["d_in"]),
        d_rec=torch.tensor(golden["d_rec"]),
        beta=torch.tensor(params["beta"], dtype=torch.float64),
    )
    p = lsnn_step.Parameters(
        tau_membrane_ms=params["tau_m"],
        tau_adaptation_ms=params["tau_a"],
        tau_readout_ms=params["tau_out"],
        threshold=params["thr"],
        dampening=params["gamma"],
        refractory_steps=params["n_ref"],
        delay_slots=params["n_delay"],
        readout_steps=golden["readout_last_steps"],
        rate_cost=golden["c_reg"],
        target_rate=golden["f0_per_step"],
        detach_reset=detach_reset,
    )
    return network, p


if __name__ == "__main__":
    main()
