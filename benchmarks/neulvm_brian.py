#!/usr/bin/python3
"""The winner-take-all network of neuLVM (arXiv:2205.13493, section 3.1 of the method) in Brian 2, the peer of the
microscopic simulation in `snnctl bench neulvm`: 1,000 escape-noise LIF neurons, steps of 0.2 ms.

`--synapses pools` (default) adds a population's spikes into one trace that all neurons read, the
fastest way there is in Brian; `--synapses all` makes the 640,000 synapses. `--scale` multiplies the neurons.
"""

import argparse
import json
import resource
import tempfile
import time

import brian2 as b

def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("--target", choices=["cpp_standalone", "cython", "numpy"], default="cpp_standalone")
    a.add_argument("--synapses", choices=["pools", "all"], default="pools")
    a.add_argument("--seconds", type=float, default=2)
    a.add_argument("--scale", type=int, default=1)
    a.add_argument("--threads", type=int, default=0, help="OpenMP threads of cpp_standalone; 0: none")
    o = a.parse_args()
    if o.target == "cpp_standalone":
        b.set_device("cpp_standalone", build_on_run=False)
        b.prefs.devices.cpp_standalone.openmp_threads = o.threads
    else:
        b.prefs.codegen.target = o.target
    b.prefs.codegen.cpp.extra_compile_args_gcc = ["-O3", "-ffast-math", "-march=native", "-w"]
    b.defaultclock.dt = 0.2 * b.ms
    b.seed(1)
    size = [400 * o.scale, 400 * o.scale, 200 * o.scale]
    n = sum(size)
    e, i = 9.984, 19.968
    weights = [[e, 0, e], [0, e, e], [-i, -i, -i]]
    tau = [3, 3, 6]
    shared = dict(alpha=50 / b.second, mu=14.4, theta=3.697414907, hertz=b.Hz)
    if o.synapses == "pools":
        pools = b.NeuronGroup(3, "dcurrent/dt = -current/tau : Hz\n tau : second (constant)", method="exact")
        pools.tau = tau * b.ms
        neurons = b.NeuronGroup(n, """
            du/dt = alpha*(mu - u) + drive : 1 (unless refractory)
            drive = j0*s0 + j1*s1 + j2*s2 : Hz
            s0 : Hz (linked)
            s1 : Hz (linked)
            s2 : Hz (linked)
            j0 : 1 (constant)
            j1 : 1 (constant)
            j2 : 1 (constant)""", threshold="rand() < 1 - exp(-exp(u - theta)*hertz*dt)", reset="u = 0", refractory=4 * b.ms,
            method="euler", namespace=shared)
        for k in range(3):
            setattr(neurons, f"s{k}", b.linked_var(pools, "current", index=[k] * n))
        label = [p for p in range(3) for _ in range(size[p])]
        for k in range(3):
            setattr(neurons, f"j{k}", [weights[k][p] for p in label])
        synapses = b.Synapses(neurons, pools, "share : Hz (constant)", on_pre="current_post += share")
        synapses.connect(i=list(range(n)), j=label)
        synapses.share = [1 / (size[p] * tau[p] * 1e-3) for p in label] * b.Hz
        objects = [pools, neurons, synapses]
    else:
        neurons = b.NeuronGroup(n, """
            du/dt = alpha*(mu - u) + fast + slow : 1 (unless refractory)
            dfast/dt = -fast/(3*ms) : Hz
            dslow/dt = -slow/(6*ms) : Hz""", threshold="rand() < 1 - exp(-exp(u - theta)*hertz*dt)", reset="u = 0", refractory=4 * b.ms,
            method="euler", namespace=shared)
        first = [0, size[0], size[0] + size[1]]
        groups = [neurons[first[p]:first[p] + size[p]] for p in range(3)]
        objects = [neurons]
        for q in range(3):
            for p in range(3):
                if weights[q][p]:
                    jump = weights[q][p] / (size[q] * tau[q] * 1e-3)
                    s = b.Synapses(groups[q], groups[p], on_pre=f"{'slow' if q == 2 else 'fast'}_post += {jump}*Hz")
                    s.connect()
                    objects.append(s)
    spikes = b.SpikeMonitor(neurons, record=False)
    net = b.Network(*objects, spikes)
    began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    if o.target == "cpp_standalone":
        net.run(o.seconds * b.second)
        with tempfile.TemporaryDirectory() as folder:
            b.device.build(directory=folder, compile=True, run=False)
            built = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            b.device.run(folder, with_output=False, run_args=[])
            cpu = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - built
            wall = b.device._last_run_time
            count = int(spikes.num_spikes)
    else:
        net.run(0.02 * b.second)  # compiles
        began, used = time.perf_counter(), time.process_time()
        net.run(o.seconds * b.second)
        wall, cpu, count = time.perf_counter() - began, time.process_time() - used, int(spikes.num_spikes)
    print(json.dumps({"brian2": b.__version__, "target": o.target, "synapses": o.synapses, "neurons": n, "simulated_seconds": o.seconds,
                      "seconds": wall, "cpu_seconds": cpu, "rate_hz": count / n / o.seconds}))


if __name__ == "__main__":
    main()
