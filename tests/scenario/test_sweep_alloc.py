"""Each allocation fails once, and for ever after, in the programs that run and end (P7).

No crash in our own code; and whatever is still printed as a success is what is printed undisturbed: a
figure left out for want of memory is no success. One point is the first allocation from each chain of
callers: the hundredth row of a file is read by the same lines as the first. The full mode strikes at all of
them (some 25,000 runs of a few ms), else at a few.
"""
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from canonical import STEPS, Canonical, is_ours
from seam import Seam, is_sanitized
from sweep import SEED, is_full, strike_all
from waitlist import ROOT, run_tests, skip

FEW = 15  # points of a scenario in each mode when not all are struck at


def ended(argv, folder, seam=None):
    env = {**os.environ, **(seam.env() if seam else {})}
    return subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, cwd=folder, timeout=60, env=env)


def sweep(build, folder, what, argv, compared=True):
    if is_sanitized():
        skip("the sanitizer's allocator stands before ours")
    seam = Seam(build, folder, stacks=True)
    expected = ended(argv, folder, seam)
    count, chains = seam.counts()["alloc"], seam.stacks()
    points = [(n, ever) for ever in ("", "+") for n in chains]
    if not is_full():
        points = sorted(random.Random(SEED).sample(points, min(2 * FEW, len(points))))

    def strike(n, ever):
        s = Seam(build, folder, [f"fail alloc {n}{ever}"])
        result = ended(argv, folder, s)
        crash = s.crash()
        assert not is_ours(crash), f"crashed: {crash[:8]} {result.stderr[-500:]}"
        assert result.returncode >= 0 or crash, f"ended by signal {-result.returncode}"
        if compared and result.returncode == expected.returncode == 0:
            assert result.stdout == expected.stdout, f"exit 0 with another output: {result.stdout[-500:]}"
        return s.struck()
    strike_all(f"allocations of {what}", points, strike, 2 * count)


def test_programs_that_end_survive_any_failed_allocation(build):
    with Canonical(build) as c:
        w = c.w
        ctl = os.path.join(w.build, "waitlistctl")
        april = w.write("april.csv", STEPS[0][1]["cyp4ww"]["april.csv"])
        own = w.write("own.csv", STEPS[0][1]["local"]["april.csv"])
        bad = w.write("bad.csv", b"\x1f\x8b no table\n")
        numbers = w.write("numbers.txt", "9990000018\n9990000026\n123\n")
        w.write("broken.yaml", "instance: [\n")
        six = os.path.join(ROOT, "tests", "data", "plans", "six-errors.yaml")
        daemon = os.path.join(w.build, "waitlistd")
        parse = [ctl, "feed", "parse"]
        for what, argv in (
                ("waitlistd --check", [daemon, "--config", w.path("waitlistd.yaml"), "--check"]),
                ("waitlistd --check of broken settings", [daemon, "--config", w.path("broken.yaml"), "--check"]),
                ("plan check", [ctl, "plan", "check", w.path("plan.yaml")]),
                ("plan check with settings", [ctl, "plan", "check", w.path("plan.yaml"), "--settings",
                                              w.path("waitlistd.yaml")]),
                ("plan check of a plan with errors", [ctl, "plan", "check", six]),
                ("feed parse", [*parse, april, "--format", "mhsds"]),
                ("feed parse as CSV", [*parse, april, "--format", "mhsds", "-o", "csv"]),
                ("feed parse as a table", [*parse, own, "--format", "measures", "-o", "table"]),
                ("feed parse --summary", [*parse, own, "--format", "measures", "--summary"]),
                ("feed parse of no table", [*parse, bad, "--format", "mhsds"]),
                ("compute nhs-numbers", [ctl, "compute", "nhs-numbers", numbers]),
                ("waitlistctl without a daemon", [ctl, "--config", w.path("waitlistd.yaml"), "status"])):
            sweep(build, w.folder, what, argv)


def test_what_is_asked_of_a_daemon_survives_any_failed_allocation(build):
    with Canonical(build) as c:
        c.count()
        k = len(c.steps) - 1
        c.restore(k)
        c.w.start(c.steps[k - 1].day)
        c.w.ctl("measures")
        ctl = [os.path.join(c.w.build, "waitlistctl"), "--config", c.w.path("waitlistd.yaml")]
        for command in (["status"], ["health"], ["feeds"], ["measures"], ["measure", "cyp-4w"], ["alerts"],
                        ["explain", "cyp-4w"], ["plan", "show"], ["audit"], ["outbox", "ls"]):
            for output in ("json", "table"):
                sweep(build, c.w.folder, f"{' '.join(command)} -o {output}", [*ctl, "-o", output, *command],
                      compared=command[0] not in ("status", "health"))
        assert c.w.process.poll() is None, "the daemon goes on"


if __name__ == "__main__":
    run_tests(globals())
