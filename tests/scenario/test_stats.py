"""waitlistctl feed stats: a list counted on the desk, against a reference that counts one by one."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import datetime
import math
import random
import subprocess
import tempfile

from waitlist import run_tests

CENSUS = datetime.date(2026, 2, 16)
HEADER = "PATHWAY_ID,NHS_NUMBER,PROVIDER,COMMISSIONER,TFC,CLOCK_START,AGE,COMMENT\n"
BANDS = [(18, "0-17"), (40, "18-39"), (65, "40-64"), (80, "65-79"), (121, "80+")]


def stats(build, text, *options, census="2026-02-16"):
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as f:
        f.write(text)
        f.flush()
        return subprocess.run([os.path.join(build, "waitlistctl"), "feed", "stats", f.name, "--format", "ptl-bench",
                               "--formats", "tests/data/formats", "--census", census, *options],
                              capture_output=True, text=True, timeout=120)


def nhs_number(stem):
    """A number of the test range, or None where its stem has no check digit."""
    digits = f"{999000000 + stem % 1000000:09d}"
    check = 11 - sum(int(d) * (10 - i) for i, d in enumerate(digits)) % 11
    return None if check == 10 else digits + str(0 if check == 11 else check)


def rows(seed, count):
    """Invented rows, some of them bad, some twice: (what the file says, its wait or None where it is no row)."""
    random.seed(seed)
    for i in range(count):
        number = None
        while number is None:
            number = nhs_number(random.randrange(1000000))
        wait = random.choice([0, 7, 90, 91, 92, 125, 126, 127, 363, 364, 365, 366, random.randrange(900)])
        day = CENSUS - datetime.timedelta(days=wait)
        start = day.strftime("%d/%m/%Y") if random.random() < 0.2 else day.isoformat()
        pathway = f"P{random.randrange(i + 1):07d}" if random.random() < 0.05 else f"P{i:07d}"
        age = random.randrange(121)
        fault = random.random()
        if fault < 0.01:
            number = number[:9] + str((int(number[9]) + 1) % 10)
        elif fault < 0.02:
            start = "31/02/2025"
        elif fault < 0.025:
            start = ""
        elif fault < 0.03:
            start = (CENSUS + datetime.timedelta(days=3)).isoformat()
        elif fault < 0.035:
            age = 121
        yield ((pathway, number, random.choice(["RJ6", "TAJ"]), random.choice(["QUA", "QHB"]),
                random.choice(["100", "650"]), start, age), None if fault < 0.035 else wait)


def percentile(waits, p, linear):
    if not linear:
        return waits[math.ceil(p * len(waits) / 100) - 1]
    at = p * (len(waits) - 1)
    low, rest = at // 100, at % 100
    return waits[low] + (rest / 100 * (waits[low + 1] - waits[low]) if rest else 0)


def reference(listed, linear):
    groups, seen = {}, set()
    for (pathway, _, provider, commissioner, service, _, age), wait in listed:
        if wait is None or pathway in seen:
            continue
        seen.add(pathway)
        band = next(name for below, name in BANDS if age < below)
        groups.setdefault((service, provider, commissioner, band), []).append(wait)
    out = []
    for key, waits in sorted(groups.items()):
        waits.sort()
        figures = [len(waits)] + [sum(w > limit for w in waits) for limit in (91, 126, 364)]
        out.append((*key, *figures, percentile(waits, 50, linear), percentile(waits, 92, linear), waits[-1]))
    return out


def table_of(text):
    lines = [line.split(",") for line in text.splitlines()]
    return [(*line[:4], *map(int, line[4:8]), float(line[8]), float(line[9]), int(line[10])) for line in lines]


def test_the_table_is_what_counting_one_by_one_gives(build):
    for seed, option in ((1, []), (2, ["--percentile", "nearest"]), (3, ["--percentile=linear", "-o", "csv"])):
        listed = list(rows(seed, 4000))
        text = HEADER + "".join(",".join(map(str, row)) + ',"a, b"\n' for row, _ in listed)
        r = stats(build, text, *option)
        assert r.returncode == 0, r.stderr
        got, expected = table_of(r.stdout), reference(listed, seed == 3)
        assert len(got) == len(expected), (len(got), len(expected))
        for line, other in zip(got, expected):
            assert line[:8] == other[:8] and line[10] == other[10], (line, other)
            assert abs(line[8] - other[8]) < 1e-9 and abs(line[9] - other[9]) < 1e-9, (line, other)
        assert 'column "NHS_NUMBER" holds NHS numbers' in r.stderr, r.stderr  # said, and counted all the same


def test_day_126_is_within_18_weeks_and_day_127_beyond_at_the_census_asked_for(build):
    text = HEADER + "P1,9990000018,RJ6,QUA,650,2025-10-13,10,\n"
    number = next(n for n in map(nhs_number, range(99)) if n)
    text = text.replace("9990000018", number)
    for census, over in (("2026-02-16", "0"), ("2026-02-17", "1")):
        r = stats(build, text, census=census)
        assert r.returncode == 0, r.stderr
        assert r.stdout.split(",")[6] == over, r.stdout


def test_ten_equal_digits_pass_the_check_of_the_generated_list_alone(build):
    """The peers' queries know the check digit only, and the tables have to be the same."""
    r = stats(build, HEADER + "P1,9999999999,TAJ,QUA,100,2026-01-01,9,\n", "-o", "csv")
    assert r.returncode == 0 and r.stdout.startswith("100,TAJ,QUA,0-17,1,"), (r.stdout, r.stderr)


def test_no_identifier_is_printed_and_nothing_of_a_file_that_is_refused(build):
    listed = list(rows(4, 300))
    text = HEADER + "".join(",".join(map(str, row)) + ",x\n" for row, _ in listed)
    r = stats(build, text)
    for row, _ in listed:
        assert row[0] not in r.stdout + r.stderr and row[1] not in r.stdout + r.stderr
    r = stats(build, text + '"open quote,')
    assert r.returncode == 1 and r.stdout == "" and "error" in r.stderr, (r.returncode, r.stdout[:80], r.stderr)


def canonical(build, *censuses, asked="2026-02-16"):
    """What is said of a list whose rows have these census dates."""
    text = "pathway_id,issuer,service,provider,commissioner,referral_date,census_date\n" + "".join(
        f"P{n},RNA,nd,RNA,QUA,2026-01-05,{census}\n" for n, census in enumerate(censuses))
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as f:
        f.write(text)
        f.flush()
        done = subprocess.run([os.path.join(build, "waitlistctl"), "feed", "stats", f.name, "--format",
                               "pathway-snapshot", "--census", asked], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout, done
    return done.stderr


def test_a_file_of_another_census_than_is_counted_is_said(build):
    assert "warning" not in canonical(build, "2026-02-16", "2026-02-16")
    other = canonical(build, "2026-02-09")
    assert "warning: the file says who waited on 2026-02-09, and is counted as of 2026-02-16" in other, other
    both = canonical(build, "2026-02-09", "2026-02-16")
    assert "who waited on 2026-02-09 to 2026-02-16, and is counted as of 2026-02-16" in both, both


def test_what_is_missing_or_wrong_in_the_call_is_said(build):
    def call(*words):
        return subprocess.run([os.path.join(build, "waitlistctl"), "feed", "stats", *words], capture_output=True,
                              text=True, timeout=60)
    for words, says in (((), "FILE is missing"), (("x.csv",), "--format is missing"),
                        (("x.csv", "--format", "mhsds"), "--census is missing"),
                        (("x.csv", "--format", "mhsds", "--census", "2026-02-30"), "--census is a date"),
                        (("x.csv", "--format", "mhsds", "--census", "2026-02-16"), "not a list of open pathways"),
                        (("x.csv", "--format", "mhsd", "--census", "2026-02-16"), "did you mean"),
                        (("x.csv", "--percentile", "mean"), "nearest or linear"),
                        (("x.csv", "-o", "json"), "-o is csv"), (("x.csv", "y.csv"), "one FILE"),
                        (("x.csv", "--sensus", "1"), "unknown option")):
        r = call(*words)
        assert r.returncode == 2 and says in r.stderr and r.stdout == "", (words, r.returncode, r.stderr)
    r = call("no-such.csv", "--format", "pathway-snapshot", "--census", "2026-02-16")
    assert r.returncode == 1 and "No such file" in r.stderr, r.stderr


if __name__ == "__main__":
    run_tests(globals())
