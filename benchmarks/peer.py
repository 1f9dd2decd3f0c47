"""What the PyTorch scripts share: settings that are fair to torch, timing, comparison with snnctl."""

import json
import resource
import statistics
import subprocess
import time

import torch

from lsnn_step import blas_library, gemm_gflops, keep_freed_memory


def settle(threads):
    keep_freed_memory()
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)


def timings(work, repeats):
    """Wall and CPU seconds of work(), after one run that is not counted."""
    work()
    wall, cpu = [], []
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    return {"seconds": wall, "seconds_median": statistics.median(wall), "seconds_min": min(wall), "cpu_seconds_min": min(cpu)}


def environment():
    return {
        "threads": torch.get_num_threads(),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "torch": torch.__version__,
        "blas": blas_library(),
        "gemm_gflops": gemm_gflops(),
    }


def snnctl_check(binary, job, *flags):
    """What snnctl computes for the small case of a job."""
    done = subprocess.run([binary, "bench", job, "--check", *flags], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def report(label, ours, theirs, tolerance):
    """Prints the largest |difference|; returns whether it is within tolerance of the largest number."""
    theirs = theirs.detach().flatten()
    ours = torch.tensor(ours, dtype=theirs.dtype)
    difference, size = (ours - theirs).abs().max().item(), theirs.abs().max().item()
    fits = difference <= tolerance * size
    print(f"{label:32} max |difference| {difference:.3g} of numbers up to {size:.3g}: {'same' if fits else 'DIFFERENT'}")
    return fits
