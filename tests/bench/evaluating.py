"""evaluating - the whole judgement of a plan of a thousand measures over two years, by the daemon's own functions"""
import json
import os
import statistics
import subprocess

from desk import words

MEASURES, DAYS, ROUNDS = 1000, 730, 9
MOST_MS = 100


def once(build, measures, days, rounds):
    argv = [os.path.join(build, "tests", "bench", "evaluation"), str(measures), str(days), str(rounds),
            os.path.join(build, "bench", "evaluation-plan.yaml")]
    os.makedirs(os.path.dirname(argv[-1]), exist_ok=True)
    return argv, json.loads(subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout)


def whole(report, build):
    """Findings, charts, guards and alerts of every measure, from nothing; and of half as many, which takes half."""
    _, half = once(build, MEASURES // 2, DAYS, ROUNDS)
    argv, said = once(build, MEASURES, DAYS, ROUNDS)
    ms = statistics.median(said["ms"])
    growth = ms / statistics.median(half["ms"])
    report.say("evaluation", f"at most {MOST_MS} ms of processor time for {MEASURES} measures over {DAYS} days",
               ms <= MOST_MS, ratio=round(ms / MOST_MS, 2), median_ms=round(ms, 1), twice_the_measures=round(growth, 2),
               nanoseconds_a_period=round(ms * 1e6 / said["periods_judged"]), samples=said, command=words(argv))
