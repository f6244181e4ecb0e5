"""waitlistctl compute: waits, published figures and check digits against calculations made elsewhere."""
import csv
import io
import json
import math
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import ROOT, run_tests

DATA = os.path.join(ROOT, "tests", "data", "oracles")


def compute(build, what, path, code=0):
    r = subprocess.run([os.path.join(build, "waitlistctl"), "compute", what, path], capture_output=True, text=True)
    assert r.returncode == code, (r.returncode, r.stderr[-500:])
    return r


def given(name):
    with open(os.path.join(DATA, name), encoding="utf-8", newline="") as f:
        return f.read()


def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9)
    if isinstance(a, dict):
        return all(k in b and same(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return a == b


def test_open_counts_breaches_percentiles_and_bands_are_those_of_the_reference(build):
    wanted = [json.loads(line) for line in given("lists.jsonl").splitlines()]
    got = [json.loads(line) for line in compute(build, "waits", os.path.join(DATA, "lists.jsonl")).stdout.splitlines()]
    assert [w["id"] for w in wanted] == [g["id"] for g in got] and len(got) > 90
    for w, g in zip(wanted, got):
        for expected, result in zip(w["results"], g["results"], strict=True):
            expected = dict(expected)
            for p in ("p50", "p92", "p95"):
                types = expected.pop(f"{p}_days_types_1_to_9")
                expected[f"{p}_days"] = types[6] if types else None
            for key, value in expected.items():
                assert same(value, result[key]), (w["id"], key, value, result[key])


def test_figures_from_weekly_bands_are_those_of_the_reference(build):
    wanted = [json.loads(line) for line in given("bands.jsonl").splitlines()]
    got = [json.loads(line) for line in compute(build, "waits", os.path.join(DATA, "bands.jsonl")).stdout.splitlines()]
    assert len(wanted) == len(got) > 100
    for w, g in zip(wanted, got):
        expected = {k: v for k, v in w.items() if k not in ("id", "counts_by_week_0_to_104plus")}
        assert w["id"] == g["id"] and same(expected, g["result"]), (w["id"], expected, g["result"])


def test_published_medians_and_percentiles_follow_from_their_bands(build):
    for name in ("nonadmitted_provider_2025_09.csv", "incomplete_commissioner_2014_15.csv"):
        rows = list(csv.reader(io.StringIO(compute(build, "rtt-published", os.path.join(DATA, name)).stdout)))
        source = list(csv.reader(io.StringIO(given(name))))
        assert [r[:-4] for r in rows] == source and rows[0][-4:] == ["median_weeks", "p95_weeks", "median_text", "p95_text"]
        for row in rows[1:]:
            for key, figure, text in (("median_weeks", row[-4], row[-2]), ("p95_weeks", row[-3], row[-1])):
                published = row[rows[0].index(key)]
                if published == "-":
                    assert text == "-", row[:3]
                else:
                    assert math.isclose(float(published), float(figure), rel_tol=1e-9), (row[:3], key, published, figure)


def test_check_digits_and_ten_equal_digits(build):
    rows = list(csv.DictReader(io.StringIO(given("nhs_numbers.csv"))))
    got = compute(build, "nhs-numbers", os.path.join(DATA, "nhs_numbers.csv")).stdout.splitlines()
    assert len(rows) == len(got) > 100
    for row, verdict in zip(rows, got):
        digits = set(row["input"].replace(" ", "").replace("-", ""))
        valid = row["valid_strict_after_removing_spaces_hyphens"] == "1" and len(digits) > 1
        assert verdict == ("valid" if valid else "invalid"), row["note"]


def test_a_line_that_cannot_be_computed_is_named_without_its_content_and_the_others_are_printed(build):
    good = given("bands.jsonl").splitlines()[0]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.write(good + "\n{\"id\":\"secret\",\"start\":[\"2024-02-30\"],\"stop\":[null],\"results\":[]}\nsecret\n" + good + "\n")
        f.flush()
        r = compute(build, "waits", f.name, code=1)
        assert len(r.stdout.splitlines()) == 2 and ":2:" in r.stderr and ":3:" in r.stderr and "secret" not in r.stderr
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as f:
        f.write("input,note\n9990000018,x\n")
        f.flush()
        compute(build, "rtt-published", f.name, code=1)
    for words in (("compute",), ("compute", "waits"), ("compute", "magic", "x")):
        assert subprocess.run([os.path.join(build, "waitlistctl"), *words], capture_output=True).returncode == 2, words


if __name__ == "__main__":
    run_tests(globals())
