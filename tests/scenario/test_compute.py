"""waitlistctl compute: waits, published figures and check digits against calculations made elsewhere."""
import csv
import datetime
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


def compute(build, what, path, *options, code=0):
    r = subprocess.run([os.path.join(build, "waitlistctl"), "compute", what, *options, path], capture_output=True, text=True)
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


def test_a_row_that_lacks_a_cell_has_its_line_too(build):
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as f:
        f.write("id,input\n1,x\n2\n3,y,z\n4,9990000018\n")
        f.flush()
        r = compute(build, "nhs-numbers", f.name, code=1)
        assert r.stdout.split() == ["invalid", "invalid", "invalid", "valid"], r


def lines_are_those_of_the_reference(build, what, name, *options):
    path = os.path.join(DATA, name)
    wanted = [json.loads(line) for line in given(name).splitlines()]
    got = [json.loads(line) for line in compute(build, what, path, *options).stdout.splitlines()]
    assert [w["id"] for w in wanted] == [g["id"] for g in got] and len(got) >= 60
    for w, g in zip(wanted, got):
        if same(w["expected"], g["result"]):
            continue
        expected, result = w["expected"], g["result"]
        differ = [k for k in expected if not same(expected[k], result.get(k))] if isinstance(expected, dict) else [result]
        raise AssertionError((w["id"], differ))


def test_xmr_charts_are_those_of_the_reference(build):
    lines_are_those_of_the_reference(build, "spc", "spc_cases.jsonl")
    lines_are_those_of_the_reference(build, "spc", "spc_cases.jsonl", "--engine", "plotthedots")


def test_the_rules_alone_are_those_of_the_reference(build):
    lines_are_those_of_the_reference(build, "rules", "spc_rules.jsonl")


def test_individuals_charts_and_their_runs_are_those_of_the_reference(build):
    lines_are_those_of_the_reference(build, "spc", "spc_qicharts2.jsonl", "--engine", "qicharts2")


def spc(build, *lines):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.write("".join(json.dumps(line) + "\n" for line in lines))
        f.flush()
        return [json.loads(line)["result"] for line in compute(build, "spc", f.name).stdout.splitlines()]


def weekly(y, **options):
    return {"id": "a", "options": options, "y": y,
            "x": [(datetime.date(2024, 1, 1) + datetime.timedelta(7 * i)).isoformat() for i in range(len(y))]}


def test_a_series_on_which_the_package_fails_is_an_error_and_not_a_guess(build):
    twice = weekly([1, 2, 3])
    twice["x"][1] = twice["x"][0]
    undecided = [5, 9, 1, 2, 3, None, 4, 5, 6, 2, 8]
    decided = [5, 9, 1, 2, 3, None, 3, 5, 4, 2, 8]
    for line in (twice, weekly([]), weekly([1, 2, 3], fix_after_n_points=11), weekly([1, 2], improvement_direction="up"),
                 weekly([1, 2], screen_outliers="no"), weekly([1, 2], target="x"), weekly([1, 2], rebase=["2024-02-30"]),
                 weekly(undecided), weekly([None] * 7)):
        assert spc(build, line) == [{"error": True}], line
    for line in (weekly(decided), weekly([None] * 6), weekly(undecided, rebase=["2024-02-05"]), weekly([1, 2, 3], fix_after_n_points=12)):
        assert len(spc(build, line)[0]["mean"]) == len(line["y"]), line


def test_a_series_is_charted_by_date_in_whatever_order_it_is_written(build):
    line = weekly([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 30], rebase=["2024-02-26"])
    shuffled = dict(line, x=line["x"][::-1], y=line["y"][::-1])
    a, b = spc(build, line, shuffled)
    assert a == b and a["rebase_group"] == [0] * 8 + [1] * 7


def test_queueing_figures_are_those_of_the_reference(build):
    for name, rows in (("queue_load", 48), ("target_mean_wait", 20), ("target_queue_size", 160), ("target_capacity", 720),
                       ("relief_capacity", 330), ("waiting_list_pressure", 30)):
        name = "calc_" + name
        text = compute(build, "queue", os.path.join(DATA, name + ".csv"), "--function", name).stdout
        got, source = (list(csv.reader(io.StringIO(t))) for t in (text, given(name + ".csv")))
        assert [r[:-1] for r in got] == source and got[0][-1] == "result" and len(got) == rows + 1
        for row in got[1:]:
            figure, wanted = row[-1], row[-2]
            finite = wanted not in ("NaN", "Inf", "-Inf")
            assert math.isclose(float(figure), float(wanted), rel_tol=1e-9) if finite else figure == wanted, (name, row)


def test_an_argument_of_a_queueing_function_that_is_not_given_has_its_default(build):
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as f:
        f.write("target_wait,demand\n52,30\n,30\nx,30\n52,-Inf\n")
        f.flush()
        r = compute(build, "queue", f.name, "--function=calc_target_queue_size", code=1)
        assert r.stdout.split() == ["target_wait,demand,result", "52,30,390", "52,-Inf,-Inf"], r.stdout
        assert ":3:" in r.stderr and ":4:" in r.stderr
        r = compute(build, "queue", f.name, "--function", "calc_queue_load", code=1)
        assert r.stdout == "" and "capacity" in r.stderr


def test_the_option_of_a_computation_stands_before_or_after_the_file_and_has_to_be_one_of_its_own(build):
    program, path = os.path.join(build, "waitlistctl"), os.path.join(DATA, "spc_qicharts2.jsonl")
    outputs = {subprocess.run([program, "compute", "spc", *words], capture_output=True, text=True, check=True).stdout
               for words in (("--engine", "qicharts2", path), (path, "--engine", "qicharts2"), (path, "--engine=qicharts2"))}
    assert len(outputs) == 1 and "n_crossings_min" in outputs.pop()
    for words in (("spc", "--engine", "magic", path), ("spc", path, "--engine"), ("queue", path), ("spc", path, path), ("spc", "--eng", "qicharts2", path),
                  ("spc", "--engine", "qicharts2", "--engine", "qicharts2", path),
                  ("waits", "--engine", "qicharts2", path), ("queue", "--function", "calc_magic", path), ("spc", "--engine", "qicharts2")):
        assert subprocess.run([program, "compute", *words], capture_output=True).returncode == 2, words


def test_a_line_that_cannot_be_computed_is_named_without_its_content_and_the_others_are_printed(build):
    good = given("bands.jsonl").splitlines()[0]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.write(good + "\n{\"id\":\"secret\",\"start\":[\"2024-02-30\"],\"stop\":[null],\"results\":[]}\nsecret\n" + good + "\n")
        f.flush()
        r = compute(build, "waits", f.name, code=1)
        assert len(r.stdout.splitlines()) == 2 and ":2:" in r.stderr and ":3:" in r.stderr and "secret" not in r.stderr
    for words in (("spc",), ("rules",), ("spc", "--engine", "qicharts2")):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
            f.write('{"id":"secret","x":["2024-01-01"],"y":[1,"secret"],"freeze":"secret"}\n{"id":"b","x":["2024-01-01"],"y":[1],'
                    '"relative_to_mean":[0],"close_to_limits":[false],"outside_limits":[false]}\n')
            f.flush()
            r = compute(build, words[0], f.name, *words[1:], code=1)
            assert len(r.stdout.splitlines()) == 1 and ":1:" in r.stderr and "secret" not in r.stderr + r.stdout, words
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as f:
        f.write("input,note\n9990000018,x\n")
        f.flush()
        compute(build, "rtt-published", f.name, code=1)
    for words in (("compute",), ("compute", "waits"), ("compute", "magic", "x")):
        assert subprocess.run([os.path.join(build, "waitlistctl"), *words], capture_output=True).returncode == 2, words


def test_help_of_a_command_is_its_usage_and_no_error(build):
    for words in (["compute"], ["compute", "waits"], ["compute", "spc"], ["feed", "parse"], ["feed", "stats"],
                  ["feed", "parse", "a.csv", "--format", "x"]):
        done = subprocess.run([os.path.join(build, "waitlistctl"), *words, "--help"], capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, (words, done)
        assert done.stdout.startswith("usage: waitlistctl " + words[0]), (words, done.stdout)
    for words in (["alerts"], ["feed", "accept"], ["spc", "rebase"], ["plan", "check"]):
        done = subprocess.run([os.path.join(build, "waitlistctl"), *words, "--help"], capture_output=True, text=True)
        assert done.returncode == 0 and done.stdout.startswith("usage: waitlistctl"), (words, done)


if __name__ == "__main__":
    run_tests(globals())
