#!/usr/bin/python3
"""bench - what the daemon and the desk need for a million rows, as ratios taken in one run

    bench.py --build build [--peers] [--rows 1000000] [--many 5000000] [--rounds 5] [FIGURE...]

One JSON line a figure: what ran, how much, all samples, the median of the ratios, and whether the goal is met.
Ends with 1 where one is not. See measured.py for how samples are taken.
"""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)

import accepting
import desk
import evaluating
import pushing
from measured import Report


def figures(a, files, report):
    """Name -> call, in the order in which they run."""
    build = a.build
    own = {
        "stats-instructions": lambda: desk.instructions(report, files, build),
        "stats-wc": lambda: desk.against_wc(report, files, build, a.rows, a.rounds),
        "stats-growth": lambda: desk.growth(report, files, build, a.rows, a.many, a.rounds),
        "accepted": lambda: accepting.against_stats(report, files, build, a.rows, a.rounds),
        "accepted-growth": lambda: accepting.growth(report, files, build, a.rows, a.many, a.rounds),
        "redis-snapshot": lambda: accepting.redis_bytes(report, files, build, a.rows),
        "redis-events": lambda: pushing.redis_bytes(report, build),
        "push": lambda: pushing.to_webhook(report, build),
        "evaluation": lambda: evaluating.whole(report, build),
        "midnight": lambda: accepting.midnight(report, files, build, a.rows, a.rounds),
    }
    peers = {
        "stats-duckdb": lambda: desk.against_duckdb(report, files, build, a.rows, a.rounds),
        "accepted-duckdb": lambda: accepting.against_duckdb(report, files, build, a.rows, a.rounds),
    }
    return peers if a.peers else own


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", default="build")
    p.add_argument("--peers", action="store_true")
    p.add_argument("--rows", type=int, default=1_000_000)
    p.add_argument("--many", type=int, default=5_000_000)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("figures", nargs="*")
    a = p.parse_args()
    a.build = os.path.abspath(a.build)
    report = Report()
    known = figures(a, desk.Files(a.build), report)
    for name in a.figures or known:
        if name not in known:
            p.error(f"{name} is none of {' '.join(known)}")
        known[name]()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
