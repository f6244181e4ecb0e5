"""measured - whole processes and daemons, their time and memory; samples taken in turns; one JSON line a figure

Absolute times mean little on a shared machine. What is compared runs in turns (A B A B), and the figure is the
median of the ratios of each turn.
"""
import json
import os
import statistics
import subprocess
import sys
import time


def run(argv, out=subprocess.DEVNULL, **more):
    """Runs a process to its end: {seconds, cpu_seconds, peak_kib}."""
    began = time.monotonic()
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, **more)
    _, status, used = os.wait4(p.pid, 0)
    took = time.monotonic() - began
    p.returncode = os.waitstatus_to_exitcode(status)
    assert p.returncode == 0, f"{argv[0]} ended with {p.returncode}: {' '.join(argv)}"
    return {"seconds": round(took, 4), "cpu_seconds": round(used.ru_utime + used.ru_stime, 4),
            "peak_kib": used.ru_maxrss}


def in_turns(rounds, **sides):
    """Calls each side once a round, in turns. Returns {side: [sample, ...]}."""
    samples = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            samples[name].append(side())
    return samples


def ratio(samples, a, b, key="seconds"):
    """Median over the rounds of a / b."""
    return round(statistics.median(x[key] / y[key] for x, y in zip(samples[a], samples[b])), 4)


def cpu_seconds(pid):
    """Of a process and its threads so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_nanoseconds(pid):
    """Of the threads that a process has now, so far, as the scheduler counts."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total


def memory_kib(pid, what):
    """VmHWM (peak) or VmRSS (now)."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(what + ":"))


def load():
    """What else ran here: 1 minute, and how many processors share it."""
    return {"load_1m": round(os.getloadavg()[0], 2), "processors": os.cpu_count()}


def version(*argv):
    said = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip().splitlines()
    return said[0] if said else "unknown"


class Report:
    """One JSON line a figure; remembers which goals were missed."""

    def __init__(self):
        self.missed = []

    def say(self, figure, goal, met, **what):
        if not met:
            self.missed.append(figure)
        print(json.dumps({"figure": figure, "goal": goal, "met": bool(met), **what, **load()}), flush=True)

    def end(self):
        if self.missed:
            print(f"goals missed: {', '.join(self.missed)}", file=sys.stderr)
        return 1 if self.missed else 0
