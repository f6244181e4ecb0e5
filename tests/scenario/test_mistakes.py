"""Mistakes put one by one into a good plan: each is found at its line and column, and nearly every one has a hint
that mends it. A hint `did you mean "X"?` is followed by machine; what others say is followed by hand, in the row."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import run_tests

DATA = os.path.join("tests", "data", "plans", "mistakes")
MEANT = re.compile(r'did you mean "([^"]*)"\?')

# why; what is replaced, by what; the code; the text at which it is found, as far as it is wrong; and where the hint is
# not a replacement: words of it, and what one writes then, as old and new text. None, None: no hint that mends it.
MISTAKES = [
    ("a section misspelt", "priorities:\n", "prioritys:\n", "unknown-key", "prioritys"),
    ("a key misspelt", "tolerance: 5", "tolerence: 5", "unknown-key", "tolerence"),
    ("a key of the target misspelt", "{at_least: 60,", "{atleast: 60,", "unknown-key", "atleast"),
    ("a title split by its comma", "title: Second assessment team,", "title: Second team, for North,", "unknown-key",
     "for North", "quote it", "title: Second team, for North,", 'title: "Second team, for North",'),
    ("a mode that is none", "mode: live", "mode: rehearsel", "bad-value", "rehearsel"),
    ("neither true nor false", "illustrative: true", "illustrative: maybe", "bad-value", "maybe", "true or false",
     "maybe", "true"),
    ("a status that is none", "status: in-progress", "status: in progress", "bad-value", "in progress"),
    ("a percentage with its sign", "at_least: 60,", "at_least: 60%,", "bad-value", "60%"),
    ("thousands with a comma", "tolerance: 5", "tolerance: '1,0'", "bad-value", "'1,0'", "a number alone", "'1,0'", "1.0"),
    ("half a period", "for: 2", "for: 1.5", "bad-value", "1.5", "digits only", "1.5", "2"),
    ("no period at all", "for: 2", "for: 0", "bad-value", "0\n"),
    ("a number that may be octal", "for: 2", "for: 010", "bad-value", "010"),
    ("a unit that is none", "unit: percent", "unit: percentage", "bad-value", "percentage"),
    ("a day that the month lacks", "from: 2024-04-01", "from: 2024-04-31", "bad-value", "2024-04-31"),
    ("an id with a blank", "- id: nd-18w", "- id: nd 18w", "bad-value", "nd 18w"),
    ("the plan ends before it begins", "to: 2026-03-31}", "to: 2024-03-31}", "validity-ends-first", "2024-03-31}"),
    ("the last digit of a year", "2025-03-31: 40", "2028-03-31: 40", "outside-validity", "2028-03-31", "move it",
     "2028-03-31", "2025-03-31"),
    ("an action due after the plan", "due: 2025-03}", "due: 2027-03}", "outside-validity", "2027-03", "move it",
     "2027-03", "2026-03"),
    ("a date as it is spoken", "due: 2025-09-30", "due: 30/09/2025", "not-a-date", "30/09/2025"),
    ("a month with its name", "by: 2026-03}", "by: March 2026}", "not-a-date", "March 2026"),
    ("a milestone in a month that is none", "2024-09-30: 20", "2024-13-30: 20", "not-a-date", "2024-13-30",
     "for example 2024-06-30", "2024-13-30", "2024-09-30"),
    ("a milestone with a sign", "2026-03-31: 80", "2026-03-31: 80%", "not-a-number", "80%"),
    ("a milestone of words", "2024-12-31: 30", "2024-12-31: a third", "not-a-number", "a third", "a number", "a third",
     "30"),
    ("one day given twice", "2025-03-31: 40,", "2025-03-31: 40, 2025-03: 45,", "given-twice", "2025-03: 45",
     "leave one of them out", ", 2025-03: 45", ""),
    ("an action given twice", '  - id: "2"\n', '      - {id: "1.2", title: Again, lead: sro, due: ongoing}\n  - id: "2"\n',
     "given-twice", '"1.2", title: Again'),
    ("a measure given twice", "- id: nd-starts", "- id: nd-median", "given-twice", "nd-median\n    metric: referrals"),
    ("a role that nobody declared", "lead: wheelchair-lead, due", "lead: wheelchair-led, due", "no-such-reference",
     "wheelchair-led"),
    ("an action that is none", 'action: "2.1"', 'action: "2.10"', "no-such-reference", '"2.10"'),
    ("a forum that is none", "forum: board", "forum: bord", "no-such-reference", "bord"),
    ("a meeting as it is spoken", "[2024-06-20,", "[20 June 2024,", "not-a-date", "20 June 2024"),
    ("a feed that is none", "feed: chairs", "feed: chair", "no-such-reference", "chair,"),
    ("a list that is none", "{list: nd, provider: ZP1, stage", "{list: md, provider: ZP1, stage", "no-such-reference",
     "md"),
    ("a provider that is none of the list's", "provider: ZP1, stage", "provider: ZP2, stage", "no-such-reference",
     "ZP2, stage"),
    ("a receiver that is none", "[mail, hook]", "[mail, hok]", "no-such-reference", "hok"),
    ("a metric misspelt", "metric: median-wait", "metric: median-wiat", "unknown-metric", "median-wiat"),
    ("a metric without its kind", '"published:DELIVERED"', '"DELIVERED"', "unknown-metric", '"DELIVERED"',
     'write "published:DELIVERED"', '"DELIVERED"', '"published:DELIVERED"'),
    ("a figure of a list as if it were published", 'metric: referrals\n    select: {list: nd, provider: ZP1}\n    period: month\n',
     'metric: "published:referrals period=month"\n    select: {feed: nd, org: ZP1}\n    polarity: lower\n', "unknown-metric",
     '"published:referrals', 'write metric: "referrals" with select: {list: nd}',
     'metric: "published:referrals period=month"\n    select: {feed: nd, org: ZP1}\n    polarity: lower\n',
     'metric: "referrals"\n    select: {list: nd, provider: ZP1}\n    period: month\n'),
    ("a wait in words", '"open-within:18w"', '"open-within:18 weeks"', "bad-wait", '"open-within:18 weeks"'),
    ("a wait where none is taken", "metric: median-wait", "metric: median-wait:18w", "bad-wait", "median-wait:18w"),
    ("a stage misspelt", "stage: assessment", "stage: asessment", "no-such-stage", "asessment"),
    ("a flow counted on one day", "period: month", "period: census", "wrong-period", "census"),
    ("a median in patients", "method: linear", "unit: count", "wrong-unit", "count\n    target"),
    ("a key the metric has no use for", "period: month", "method: linear", "key-of-no-use", "linear\n    target: {at_most: 40}",
     "leave it out", "    method: linear\n    target: {at_most: 40}", "    target: {at_most: 40}"),
    ("a target without its side", "target: {at_least: 80}", "target: 80", "bad-target", "80\n"),
    ("polarity and target contradict", "polarity: higher", "polarity: lower", "polarity-contradicts", "lower"),
    ("a floor that is a ceiling", "target: {at_most: 126}", "target: {at_least: 126}", "target-on-wrong-side", "at_least: 126"),
    ("a negative tolerance", "tolerance: 5", "tolerance: -5", "negative-tolerance", "-5"),
    ("a share as a fraction", "at_least: 80}", "at_least: 0.8}", "fraction", "0.8"),
    ("a point in the wrong place", "value: 50,", "value: 500,", "implausible", "500"),
    ("a measure that nobody owns", '    action: "2.1"\n    owner: wheelchair-lead\n', "", "no-owner", "id: wheelchairs",
     'add "owner: ROLE"', "    min_n: 10\n", "    min_n: 10\n    owner: wheelchair-lead\n"),
    ("a measure without a line", "    target: {at_most: 126}\n", "", "no-line", "id: nd-median",
     'add "target: {at_least: NUMBER}"', "    method: linear\n", "    method: linear\n    target: {at_most: 126}\n"),
    ("a measure that says no metric", "    metric: referrals\n", "", "missing-key", "id: nd-starts", 'add "metric: ..."',
     "    period: month\n", "    period: month\n    metric: referrals\n"),
]

# Faults that are found and whose hint says what is at stake, since only a person knows what was meant.
FURTHER = [
    ("a rehearsal that nobody reads", "mode: live", "mode: rehearsal", "rehearsal-unread", "rehearsal"),
    ("not YAML", "valid: {from: 2024-04-01, to: 2026-03-31}", "valid: {from: 2024-04-01", "yaml", None),
    ("a key given twice", "    tolerance: 5\n", "    tolerance: 5\n    tolerance: 6\n", "yaml", "tolerance: 6"),
    ("a mapping for a number", "min_n: 10", "min_n: {ten: 10}", "not-one-value", "{ten: 10}"),
    ("a word for a list", "priorities:\n", "priorities: none\nx:\n", "not-a-list", "none"),
    ("a word for a mapping", "select: {feed: chairs, breakdown: Provider, org: ZP2}", "select: chairs", "not-a-mapping",
     "chairs\n    polarity"),
    ("a role's id with a blank", "  sro: {receivers: [mail]}\n", "  sro: {receivers: [mail]}\n  s r: {receivers: [mail]}\n",
     "not-an-id", "s r"),
    ("a title nobody reads", "title: Children helped with a wheelchair", "title: " + "x" * 121, "title-too-long", "x" * 121),
    ("a role that nothing reaches", "  sro: {receivers: [mail]}", "  sro: {}", "no-receivers", "sro"),
    ("a plan of no measures", None, "plan: {id: p}\nroles: {a: {receivers: [mail]}}\n", "no-measures", None),
    ("a target of another metric", "target: {at_most: 126}", "target: {percentile: 92, within: 18w}",
     "target-of-other-metric", "92, within"),
    ("a share of no baseline", "target: {at_most: 126}", "target: {reduce_by: 20%}", "no-baseline", "20%"),
    ("a target that was met before", "target: {at_most: 40}",
     "target: {at_most: 40}\n    baseline: {date: 2024-03, value: 30}", "target-short-of-baseline", "40}\n    baseline"),
    ("a baseline of another measure", "target: {at_least: 60, by: 2026-03}",
     "baseline: {date: 2024-03, value: 3.99}\n    target: {at_least: 60, by: 2026-03}", "baseline-implausible", "3.99"),
    ("a comparison with nobody", "min_n: 10", "min_n: 10\n    compare: {title: England}", "bad-comparison",
     "{title: England}"),
    ("a comparison with figures of a list", "min_n: 10", "min_n: 10\n    compare: {feed: nd, org: ZP1}", "bad-comparison",
     "{feed: nd, org: ZP1}"),
    ("a guard of itself", "min_n: 10", "min_n: 10\n    guard: wheelchairs", "bad-guard", "wheelchairs\n    expect"),
    ("a straight line of nothing", "target: {at_most: 126}", "target: {at_most: 126}\n    interpolation: linear",
     "linear-of-one", "linear\n    action"),
    ("a survey of a few", "min_n: 10", "survey: {every: 6m}", "survey-without-n", "{every: 6m}"),
    ("a law with a tolerance", "target: {at_most: 40}", "target: {at_most: 40, statutory: a regulation}\n    tolerance: 2",
     "law-with-tolerance", '2\n    action: "1.2"\n  - id: wheelchairs'),
    ("papers due after their meeting", "papers: 2024-09-05", "papers: 2024-09-25", "papers-after-meeting", "2024-09-25"),
    ("a role that nobody holds", "  sro: {receivers: [mail]}\n", "  sro: {receivers: [mail]}\n  chair: {receivers: [mail]}\n",
     "role-not-held", "chair: {rec"),
    ("a role that nobody holds for a month", "  sro: {receivers: [mail]}\n",
     "  sro: {receivers: [mail]}\n  clerk: {receivers: [mail]}\n", "role-gap", "clerk: {rec"),
    ("a cohort nobody names", "cohort: {age_band: 0-17}", "cohort: {shoe_size: 38}", "unknown-cohort", "shoe_size"),
    ("a cohort without a value", "cohort: {age_band: 0-17}", "cohort: {age_band: }", "bad-cohort", "age_band"),
    ("a metric that judges waits", "metric: referrals\n", "metric: target-queue\n", "no-standard", "id: nd-starts"),
    ("figures of another footprint", "org: ZP2", "org: ZI1", "footprint-wider", "ZI1"),
    ("the title names the place for another's figures", "title: Children helped with a wheelchair\n",
     "title: Southby wheelchairs, Elsewhere Trust\n", "footprint-named", "Southby wheelchairs", "org: ZP2", "org: ZP3"),
    ("a standard for what has none", "    method: linear\n", "    title: Median wait for ADHD\n    standard: autism-3m\n",
     "has-no-standard", "autism-3m"),
    ("the standard of another service", "    method: linear\n", "    standard: wheelchair-18w\n", "standard-of-another",
     "wheelchair-18w"),
    ("a line of a few people", "target: {at_most: 40}", "target: {at_most: 3}", "line-of-few", "3}\n    action"),
    ("a chart of a stock", "    method: linear\n", "    method: linear\n    spc: on\n", "spc-on-stock", "on\n    target"),
    ("a forecast of no milestone", "    method: linear\n", "    method: linear\n    forecast: on\n", "no-milestone",
     "on\n    target"),
    ("a new chart without a reason", "    period: month\n", "    period: month\n    spc: {rebase: {2024-10-01: }}\n", "no-reason",
     "2024-10-01"),
    ("milestones say no way", "    polarity: higher\n    target: {at_least: 80}\n", "", "no-polarity", "id: wheelchairs"),
    ("a milestone past the target", "2025-03-31: 40", "2025-03-31: 70", "milestone-past-target", "60, by"),
    ("a clear line short of every line", "clear: 62", "clear: 12", "clear-short-of-target", "12\n"),
    ("more than all", "at_least: 60,", "at_least: 160,", "not-a-percentage", "160"),
    ("a target before its last milestone", "by: 2026-03}", "by: 2025-06}", "target-date-too-early", "2025-06}"),
    ("nothing is ever red", "tolerance: 5", "tolerance: 65", "tolerance-too-wide", "65"),
    ("the priority of another action", '    action: "2.1"\n', '    action: "2.1"\n    priority: "1"\n', "priority-of-action",
     '"1"\n    owner'),
]

# A file that cannot be read is in test_ctl; what a feed publishes for rolling periods only, in unit plan_yaml; a place
# that is not declared, in unit plan_target; how often a series could be judged, which a daemon says, in test_look.
ELSEWHERE = {"unreadable", "spc-on-rolling", "place-unknown", "periods-judged", "few-periods"}


def good():
    with open(os.path.join(DATA, "plan.yaml")) as f:
        return f.read()


class Checker:
    """Checks texts as plans beside the settings of the good one."""

    def __init__(self, build):
        self.build = build

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="waitlist-mistakes-")
        for name in os.listdir(DATA):
            shutil.copy(os.path.join(DATA, name), self.folder)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def check(self, text):
        path = os.path.join(self.folder, "plan.yaml")
        with open(path, "w") as f:
            f.write(text)
        r = subprocess.run([os.path.join(self.build, "waitlistctl"), "plan", "check", path, "--settings",
                            os.path.join(self.folder, "waitlistd.yaml"), "-o", "json"],
                           capture_output=True, text=True, timeout=60)
        found = json.loads(r.stdout)
        assert r.returncode == (78 if any(f["severity"] == "error" for f in found) else 0), (r, found)
        return found


def put(text, old, new):
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the plan"
    return text.replace(old, new)


def place_of(text, at):
    offset = text.index(at)
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def found_at(checker, text, code, at, why):
    found = checker.check(text)
    line, column = place_of(text, at) if at else (None, None)
    here = [f for f in found if f["code"] == code and (at is None or (f["line"], f["column"]) == (line, column))]
    assert here, f"{why}: no {code} at {line}:{column}: {found}"
    return here[0]


def test_the_plan_without_a_mistake_has_no_fault(build):
    with Checker(build) as c:
        assert c.check(good()) == []


def test_forty_mistakes_are_each_found_at_their_line_and_column(build):
    assert len(MISTAKES) >= 40
    with Checker(build) as c:
        for why, old, new, code, at, *_ in MISTAKES:
            found_at(c, put(good(), old, new), code, at, why)


def test_a_line_of_few_is_found_by_the_format_of_its_feed(build):
    text = put(put(good(), "2024-12-31: 30", "2024-12-31: 3"), "    min_n: 10\n", "    min_n: 10\n    unit: count\n")
    for format, found in (("mhsds", []), ("measures", ["line-of-few"])):
        with Checker(build) as c:
            path = os.path.join(c.folder, "waitlistd.yaml")
            with open(path) as f:
                settings = f.read()
            with open(path, "w") as f:
                f.write(put(settings, "format: mhsds", f"format: {format}"))
            assert [f["code"] for f in c.check(text) if f["code"] == "line-of-few"] == found, format


def mended(text, fault, at, by_hand):
    """The plan as its writer leaves it who does what the hint says; None when it says nothing that would do."""
    meant = MEANT.search(fault["hint"] or "")
    if meant:
        offset = text.index(at)
        wrong = re.match(r'"[^"]*"|[^,}\n]*?(?=\s*[,}\n]|:\s|\])', text[offset:]).group()
        right = f'"{meant.group(1)}"' if wrong.startswith('"') else meant.group(1)
        return text[:offset] + right + text[offset + len(wrong):]
    if by_hand and by_hand[0] in (fault["hint"] or ""):
        return put(text, by_hand[1], by_hand[2])
    return None


def test_nine_of_ten_mistakes_are_mended_by_doing_what_the_hint_says(build):
    with Checker(build) as c:
        left = []
        for why, old, new, code, at, *by_hand in MISTAKES:
            text = put(good(), old, new)
            after = mended(text, found_at(c, text, code, at, why), at, by_hand)
            if after is None or c.check(after):
                left.append((why, after and c.check(after)))
        assert len(left) <= len(MISTAKES) // 10, left


def test_further_faults_are_found_at_their_place_each_with_a_hint(build):
    with Checker(build) as c:
        for why, old, new, code, at, *also in FURTHER:
            text = put(good(), old, new) if old else new
            fault = found_at(c, put(text, *also) if also else text, code, at, why)
            assert fault["hint"] or code in ("yaml", "not-one-value"), fault


def test_every_fault_that_the_man_page_lists_is_put_into_a_plan_here(build):
    with open("daemon/man/plan.yaml.5") as f:
        section = re.search(r"^\.SH FAULTS\n(.*?)^\.SH ", f.read(), re.M | re.S).group(1)
    listed = {code.replace("\\", "") for code in re.findall(r"^\.B (\S+) \\fR\(", section, re.M)}
    tried = {row[3] for row in MISTAKES + FURTHER} | ELSEWHERE
    assert listed and listed == tried, (listed - tried, tried - listed)


def test_the_table_shows_the_place_the_text_underlined_and_the_hint(build):
    with Checker(build) as c:
        text = put(good(), "tolerance: 5", "tolerence: 5")
        c.check(text)
        path = os.path.join(c.folder, "plan.yaml")
        r = subprocess.run([os.path.join(build, "waitlistctl"), "plan", "check", path], capture_output=True, text=True,
                           timeout=60)
        line, column = place_of(text, "tolerence")
        assert r.stderr.splitlines() == [
            f'{path}:{line}:{column}: error: measure: unknown key "tolerence"',
            f"{line:5} |     tolerence: 5", "      |     ^~~~~~~~~", '      hint: did you mean "tolerance"?'], r.stderr


if __name__ == "__main__":
    run_tests(globals())
