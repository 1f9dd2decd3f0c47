#!/usr/bin/python3
"""Times a training step of the LSNN by snnctl and by lsnn_step.py, in turn, and prints the ratio.

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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--snnctl", type=pathlib.Path, default=default_snnctl(),
                        help="the binary (default: bin/snnctl of this repository, else of PATH)")
    parser.add_argument("--python", default="/usr/bin/python3", help="the Python that has torch")
    parser.add_argument("--rounds", type=int, default=5, help="alternating runs of each, at least 5")
    parser.add_argument("--repeats", type=int, default=1, help="timed steps in each run")
    parser.add_argument("--threads", type=int, default=1, help="of snnctl")
    parser.add_argument("--torch-threads", type=int, help="default: as --threads")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--steps", type=int, default=840)
    parser.add_argument("--lif", type=int, default=120)
    parser.add_argument("--alif", type=int, default=100)
    parser.add_argument("--delays", type=int, default=10,
                        help="delay slots of the PyTorch loop; snnctl always has the 10 of the paper")
    parser.add_argument("--rate-hz", type=float, default=10.0)
    parser.add_argument("--json", action="store_true", help="print one JSON object, no table")
    args = parser.parse_args()
    if args.snnctl is None:
        parser.error("no snnctl in bin/ nor in PATH; run: go build -o bin/ ./cmd/snnctl, or give --snnctl")
    if args.rounds < 5:
        parser.error(f"--rounds is {args.rounds}; a median of fewer than 5 says little")
    torch_threads = args.threads if args.torch_threads is None else args.torch_threads

    shared = ["--steps", str(args.steps), "--batch", str(args.batch),
              "--rate-hz", str(args.rate_hz), "--repeats", str(args.repeats)]
    commands = {
        "snnctl": [str(args.snnctl), "bench", "lsnn", "--json", "--threads", str(args.threads),
                   "--neurons", str(args.lif + args.alif), *shared],
        "torch": [args.python, str(HERE / "lsnn_step.py"), "--threads", str(torch_threads),
                  "--lif", str(args.lif), "--alif", str(args.alif), "--delays", str(args.delays), *shared],
    }
    threads = {"snnctl": args.threads, "torch": torch_threads}
    results = {name: [] for name in commands}
    for turn in range(args.rounds):
        for name, command in commands.items():
            result = run(command, threads[name])
            if name == "torch":  # snnctl's figure includes the update
                result["seconds_median"] = result["seconds_with_update_median"]
                result["seconds_min"] = result["seconds_with_update_min"]
            results[name].append(result)
            print(f"round {turn + 1}/{args.rounds} {name}: {result['seconds_median']:.3f} s", file=sys.stderr)

    for key in ("neurons", "steps", "batch", "inputs"):
        ours, theirs = results["snnctl"][0][key], results["torch"][0][key]
        if ours != theirs:
            sys.exit(f"the jobs differ: {key} is {ours} in snnctl and {theirs} in torch")

    summary = {name: summarise(runs) for name, runs in results.items()}
    seconds_ratio = summary["torch"]["seconds_median"] / summary["snnctl"]["seconds_median"]
    memory_ratio = summary["torch"]["peak_bytes"] / summary["snnctl"]["peak_bytes"]
    if args.json:
        print(json.dumps({
            "seconds_ratio": seconds_ratio,
            "peak_bytes_ratio": memory_ratio,
            "rounds": args.rounds,
            "commands": commands,
            **summary,
            "runs": results,
        }))
        return
    print(f"{args.lif + args.alif} neurons, {args.steps} steps, batch {args.batch},"
          f" {args.delays} delay slots in torch, {args.rounds} alternating runs")
    print(f"{'':18}{'snnctl':>10}{'torch':>10}{'torch/snnctl':>14}")
    for label, key, unit, form, ratio in (
        ("median, s", "seconds_median", 1, ".3f", f"{seconds_ratio:.2f}"),
        ("fastest, s", "seconds_min", 1, ".3f", ""),
        ("slowest, s", "seconds_max", 1, ".3f", ""),
        ("peak memory, MB", "peak_bytes", 1e6, ".0f", f"{memory_ratio:.2f}"),
        ("spike rate, Hz", "rate_hz", 1, ".1f", ""),
        ("threads", "threads", 1, "d", ""),
    ):
        row = "".join(
            f"{summary[name][key] if unit == 1 else summary[name][key] / unit:>10{form}}"
            for name in ("snnctl", "torch")
        )
        print(f"{label:18}{row}{ratio:>14}")


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
        "rate_hz": statistics.median(r["rate_hz"] for r in runs),
        "threads": runs[0]["threads"],
    }


if __name__ == "__main__":
    main()
