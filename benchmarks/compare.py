#!/usr/bin/python3
"""Times the standard jobs by snnctl and by PyTorch, in turn, and prints the ratios.

    compare.py                    lsnn: a training step
    compare.py linlif conv        these jobs
    compare.py all                lsnn, linlif, conv, relu, gateon, clapp, eprop, trial-matching, audio-codec, and gemm against OpenBLAS

The two run alternately, so that a machine that slows down slows both. Standard library only.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
JOBS = ("lsnn", "linlif", "conv", "relu", "gateon", "clapp", "eprop", "trial-matching", "audio-codec", "gemm")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"{', '.join(JOBS)}, or all (default: lsnn)")
    parser.add_argument("--snnctl", type=pathlib.Path, default=default_snnctl(),
                        help="the binary (default: bin/snnctl of this repository, else of PATH)")
    parser.add_argument("--python", default="/usr/bin/python3", help="the Python that has torch")
    parser.add_argument("--rounds", type=int, default=5, help="alternating runs of each, at least 5")
    parser.add_argument("--repeats", type=int, default=1, help="timed passes in each run, after one that is not")
    parser.add_argument("--threads", type=int, default=1, help="of snnctl")
    parser.add_argument("--torch-threads", type=int, help="default: as --threads")
    parser.add_argument("--batch", type=int, default=256, help="of lsnn")
    parser.add_argument("--steps", type=int, default=840, help="of lsnn")
    parser.add_argument("--lif", type=int, default=120)
    parser.add_argument("--alif", type=int, default=100)
    parser.add_argument("--delays", type=int, default=10,
                        help="delay slots of the PyTorch loop; snnctl always has the 10 of the paper")
    parser.add_argument("--rate-hz", type=float, default=10.0)
    parser.add_argument("--neurons", type=int, nargs="+", default=[256, 1024], help="of linlif")
    parser.add_argument("--json", action="store_true", help="print one JSON object, no table")
    args = parser.parse_args()
    args.jobs = args.jobs or ["lsnn"]
    if args.jobs == ["all"]:
        args.jobs = list(JOBS)
    for job in args.jobs:
        if job not in JOBS:
            parser.error(f"there is no job {job}, expected {', '.join(JOBS)} or all")
    if args.snnctl is None:
        parser.error("no snnctl in bin/ nor in PATH; run: make build, or give --snnctl")
    if args.rounds < 5:
        parser.error(f"--rounds is {args.rounds}; a median of fewer than 5 says little")
    if args.torch_threads is None:
        args.torch_threads = args.threads

    rows = [compare(args, *pair) for job in args.jobs if job != "gemm" for pair in pairs(args, job)]
    if args.json:
        out = {"jobs": rows}
        if "gemm" in args.jobs:
            out["gemm"] = json.loads(gemm(args, "--json"))
        print(json.dumps(out))
        return
    if rows:
        print_table(args, rows)
    if "gemm" in args.jobs:
        print("\n" * bool(rows) + gemm(args), end="")


def pairs(args, job):
    """(label, command of snnctl, command of torch, how to find the case in snnctl's result)."""
    ours = [str(args.snnctl), "bench", job, "--json", "--threads", str(args.threads), "--repeats", str(args.repeats)]
    theirs = ["--threads", str(args.torch_threads), "--repeats", str(args.repeats)]
    if job == "lsnn":
        size = ["--steps", str(args.steps), "--batch", str(args.batch), "--rate-hz", str(args.rate_hz)]
        label = f"lsnn, {args.lif + args.alif} neurons, {args.steps} steps, batch {args.batch}"
        yield (label, ours + size + ["--neurons", str(args.lif + args.alif)],
               [args.python, str(HERE / "lsnn_step.py"), *theirs, *size, "--lif", str(args.lif),
                "--alif", str(args.alif), "--delays", str(args.delays)], lambda result: result)
    if job == "conv":
        for shape, name in ("vgg", "VGG block"), ("lenet", "LeNet-5"):
            yield (f"conv, {name}, 64 images", [*ours, "--shape", shape],
                   [args.python, str(HERE / "conv_block.py"), *theirs, "--shape", shape], lambda result: result)
    if job == "relu":
        for at, network in enumerate(("mlp", "lenet5", "vgg-cifar, width/8")):
            yield (f"relu, {network}, batch 64", ours, [args.python, str(HERE / "relu_step.py"), *theirs, "--network", network],
                   lambda result, at=at: {**result, **result["cases"][at]})
    if job == "gateon":
        for at, variant in enumerate(("n", "p", "none")):
            yield (f"gateon, 4 × 1000 neurons, {variant}, batch 256", ours, [args.python, str(HERE / "gateon_step.py"), *theirs, "--variant", variant],
                   lambda result, at=at: {**result, **result["cases"][at]})
    if job == "clapp":
        for at, (method, layers) in enumerate((("clapp-s", 3), ("hinge-cpc", 3), ("clapp-s", 6), ("hinge-cpc", 6))):
            yield (f"clapp, {method}, {layers} layers, batch 32", ours,
                   [args.python, str(HERE / "clapp_step.py"), *theirs, "--method", method, "--layers", str(layers)],
                   lambda result, at=at: {**result, **result["cases"][at]})
    if job == "eprop":
        yield ("eprop, 100 neurons, 2250 steps, batch 64", ours,
               [args.python, str(HERE / "eprop_step.py"), *theirs], lambda result: result)
    if job == "trial-matching":
        yield ("trial-matching, 500 neurons, 150 + 200 steps, batch 150", ours,
               [args.python, str(HERE / "trialmatch_step.py"), *theirs], lambda result: result)
    if job == "audio-codec":
        yield ("audio-codec, 8 segments of 8192 samples", ours,
               [args.python, str(HERE / "audiocodec_step.py"), *theirs], lambda result: {**result, **result["cases"][0]})
    if job == "linlif":
        for n in args.neurons:
            for at, kind in enumerate(("spikes", "numbers")):
                yield (f"linlif, {n} neurons, {kind}", ours[:3] + [str(n)] + ours[3:],
                       [args.python, str(HERE / "linlif.py"), *theirs, "--neurons", str(n), "--input", kind],
                       lambda result, at=at: {**result, **result["cases"][at]})


def compare(args, label, ours, theirs, pick):
    commands = {"snnctl": ours, "torch": theirs}
    threads = {"snnctl": args.threads, "torch": args.torch_threads}
    results = {name: [] for name in commands}
    load = os.getloadavg()[0]
    for turn in range(args.rounds):
        for name, command in commands.items():
            result = run(command, threads[name])
            if name == "snnctl":
                result = pick(result)
            elif "seconds_with_update_median" in result:  # snnctl's figure includes the update
                result["seconds_median"] = result["seconds_with_update_median"]
                result["seconds_min"] = result["seconds_with_update_min"]
            results[name].append(result)
            print(f"{label}: round {turn + 1}/{args.rounds} {name}: {result['seconds_median']:.4f} s", file=sys.stderr)
    for key in ("neurons", "steps", "batch", "inputs", "shape"):
        mine, other = results["snnctl"][0].get(key), results["torch"][0].get(key)
        if mine != other and None not in (mine, other):
            sys.exit(f"the jobs differ: {key} is {mine} in snnctl and {other} in torch")
    summary = {name: summarise(runs) for name, runs in results.items()}
    return {
        "job": label, "rounds": args.rounds, "load": load, "commands": commands, **summary, "runs": results,
        # The ratio of each round, since rounds see different load.
        "seconds_ratio": statistics.median(t["seconds_median"] / s["seconds_median"]
                                           for s, t in zip(results["snnctl"], results["torch"])),
        "fastest_ratio": summary["torch"]["seconds_min"] / summary["snnctl"]["seconds_min"],
        "peak_bytes_ratio": summary["torch"]["peak_bytes"] / summary["snnctl"]["peak_bytes"],
    }


def print_table(args, rows):
    print(f"{args.rounds} alternating runs, threads: {args.threads} of snnctl, {args.torch_threads} of torch;"
          f" load {min(r['load'] for r in rows):.1f} to {max(r['load'] for r in rows):.1f}")
    wide = max(len(r["job"]) for r in rows)
    print(f"{'':{wide}}{'median, s':>20}{'ratio':>8}{'fastest, s':>20}{'ratio':>8}{'peak, MB':>16}{'ratio':>8}{'rate':>14}  torch")
    print(f"{'':{wide}}" + f"{'snnctl':>10}{'torch':>10}{'':>8}" * 2 + f"{'snnctl':>8}{'torch':>8}{'':>8}{'snnctl':>7}{'torch':>7}")
    for r in rows:
        s, t = r["snnctl"], r["torch"]
        form = r["runs"]["torch"][0]
        print(f"{r['job']:{wide}}{s['seconds_median']:>10.4f}{t['seconds_median']:>10.4f}{r['seconds_ratio']:>8.2f}"
              f"{s['seconds_min']:>10.4f}{t['seconds_min']:>10.4f}{r['fastest_ratio']:>8.2f}"
              f"{s['peak_bytes'] / 1e6:>8.0f}{t['peak_bytes'] / 1e6:>8.0f}{r['peak_bytes_ratio']:>8.1f}"
              f"{s['rate']:>7.3g}{t['rate']:>7.3g}  {form.get('form', form.get('layout', ''))}")


def gemm(args, *flags):
    command = [str(HERE / "gemm_openblas.py"), "--snnctl", str(args.snnctl), "--rounds", str(args.rounds), *flags]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}")
    return done.stdout


def default_snnctl():
    built = HERE.parent / "bin" / "snnctl"
    if built.exists():
        return built
    found = shutil.which("snnctl")
    return pathlib.Path(found) if found else None


def run(command, threads):
    # The pthread build of OpenBLAS does not follow torch's own setting.
    environment = dict(os.environ, OPENBLAS_NUM_THREADS=str(threads))
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}")
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        sys.exit(f"{' '.join(command)}: expected one JSON object on stdout: {error}")


def summarise(runs):
    """The median over the runs of each run's median; the largest peak."""
    return {
        "seconds_median": statistics.median(r["seconds_median"] for r in runs),
        "seconds_min": min(r["seconds_min"] for r in runs),
        "seconds_max": max(r["seconds_median"] for r in runs),
        "peak_bytes": max(r["peak_bytes"] for r in runs),
        # in Hz, or spikes of a neuron and step
        "rate": statistics.median(r.get("rate_hz", r.get("spikes_per_neuron_and_step", 0)) for r in runs),
        "threads": runs[0]["threads"],
    }


if __name__ == "__main__":
    main()
