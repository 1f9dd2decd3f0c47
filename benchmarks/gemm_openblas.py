#!/usr/bin/python3
"""Times float32 matrix products by snnctl and by OpenBLAS, in turn, and prints the ratios.

OpenBLAS is called through ctypes, on one thread, as `snnctl bench gemm` is; the two run
alternately, so that a machine that slows down slows both. Standard library only.
"""

import argparse
import ctypes
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROW_MAJOR, NO_TRANS = 101, 111
TIMING = 0.01  # seconds that a timing lasts at least, as in snnctl
REPEATS = 5    # timings in each run, as in snnctl


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--snnctl", default=default_snnctl(),
                        help="the binary (default: bin/snnctl of this repository, else of PATH)")
    parser.add_argument("--library", default="libopenblas.so.0", help="OpenBLAS, a name or a path")
    parser.add_argument("--rounds", type=int, default=5, help="alternating runs of each, at least 5")
    parser.add_argument("--json", action="store_true", help="print one JSON object, no table")
    parser.add_argument("--shapes", help=argparse.SUPPRESS)  # this process is the one that calls OpenBLAS
    args = parser.parse_args()
    if args.shapes:
        print(json.dumps(time_openblas(args.library, json.loads(args.shapes))))
        return
    if args.snnctl is None:
        parser.error("no snnctl in bin/ nor in PATH; run: make build, or give --snnctl")
    if args.rounds < 5:
        parser.error(f"--rounds is {args.rounds}; a median of fewer than 5 says little")

    one = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    load, results = os.getloadavg()[0], {}
    for turn in range(args.rounds):
        ours = run([args.snnctl, "bench", "gemm", "--json", "--threads", "1", "--repeats", str(REPEATS)], one)["products"]
        shapes = [(p["m"], p["k"], p["n"]) for p in ours]
        theirs = run([sys.executable, __file__, "--library", args.library, "--shapes", json.dumps(shapes)], one)
        for shape, p, q in zip(shapes, ours, theirs["products"]):
            results.setdefault(shape, {"snnctl": [], "openblas": []})
            results[shape]["snnctl"].append(p)
            results[shape]["openblas"].append(q)
        print(f"round {turn + 1}/{args.rounds}", file=sys.stderr)
    rows = [summary(shape, r) for shape, r in results.items()]
    loads = [round(load, 2), round(os.getloadavg()[0], 2)]
    if args.json:
        print(json.dumps({"openblas": theirs["config"], "load": loads, "products": rows}))
        return
    print(theirs["config"])
    print(f"load average {loads[0]} before, {loads[1]} after, on {os.cpu_count()} processors")
    print("GFLOP/s on one thread; ratios above 1: snnctl is faster\n")
    print(f"{'m×k×n':<18}{'by CPU time: snnctl':>20}{'OpenBLAS':>10}{'ratio':>7}{'by median of wall time:':>26}{'OpenBLAS':>10}{'ratio':>7}")
    for r in rows:
        print(f"{'×'.join(map(str, r['shape'])):<18}{r['cpu']['snnctl']:>20.1f}{r['cpu']['openblas']:>10.1f}{r['cpu']['ratio']:>7.2f}"
              f"{r['wall']['snnctl']:>26.1f}{r['wall']['openblas']:>10.1f}{r['wall']['ratio']:>7.2f}")


def summary(shape, runs):
    """Speeds by the least CPU time of each round and by its median of wall time: the medians over rounds."""
    m, k, n = shape
    flops = 2e-9 * m * k * n
    row = {"shape": shape}
    for name, key in ("cpu", "cpu_seconds_min"), ("wall", "seconds_median"):
        seconds = {who: [p[key] for p in runs[who]] for who in runs}
        row[name] = {who: flops / statistics.median(seconds[who]) for who in seconds}
        # The ratio of each round, since rounds see different load.
        row[name]["ratio"] = statistics.median(b / a for a, b in zip(seconds["snnctl"], seconds["openblas"]))
    return row


def time_openblas(library, shapes):
    blas = ctypes.CDLL(library)
    blas.openblas_get_config.restype = ctypes.c_char_p
    blas.openblas_set_num_threads(1)
    blas.cblas_sgemm.restype = None
    return {"config": blas.openblas_get_config().decode(), "products": [time_product(blas.cblas_sgemm, *s) for s in shapes]}


def time_product(sgemm, m, k, n):
    draw = random.Random(1)
    a, b, c = ((ctypes.c_float * size)(*(draw.gauss(0, 1) for _ in range(size))) for size in (m * k, k * n, m * n))
    # Converted once, so that a call costs about a microsecond, as little as ctypes can.
    call = [ctypes.c_int(v) for v in (ROW_MAJOR, NO_TRANS, NO_TRANS, m, n, k)]
    call += [ctypes.c_float(1), a, ctypes.c_int(k), b, ctypes.c_int(n), ctypes.c_float(0), c, ctypes.c_int(n)]

    def seconds(calls):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(calls):
            sgemm(*call)
        return (time.perf_counter() - wall) / calls, (time.process_time() - cpu) / calls

    calls = 1
    while seconds(calls)[0] * calls < TIMING:
        calls *= 2
    timings = [seconds(calls) for _ in range(REPEATS)]
    return {"seconds_median": statistics.median(t[0] for t in timings), "seconds_min": min(t[0] for t in timings),
            "cpu_seconds_min": min(t[1] for t in timings)}


def run(command, environment):
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed with status {done.returncode}")
    return json.loads(done.stdout)


def default_snnctl():
    built = HERE.parent / "bin" / "snnctl"
    return str(built) if built.exists() else shutil.which("snnctl")


if __name__ == "__main__":
    main()
