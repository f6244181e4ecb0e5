"""What messages and Redis show of small numbers and of single people: mails, events and `now:` alike."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from waitlist import run_tests, wait_for

WITHIN = lists.measure(id="within", title="Seen in time", metric="open-within:18w", polarity="higher",
                       target="{at_least: 99}")
OVER = lists.measure(id="over", title="Over 18 weeks", metric="open-over:18w", target="{at_most: 1}")
LONGEST = lists.measure(id="longest", title="Longest wait", metric="longest-wait", target="{at_most: 364}")
MEDIAN = lists.measure(id="median", title="Median wait", metric="median-wait", target="{at_most: 10}")
MEASURES = {"within": 98.0, "over": 2.0, "longest": 400.0}


def few_over(census="2026-05-17"):
    """98 who have waited for ten to twelve days and two over 18 weeks, one of them for 400 days."""
    rows = {f"A{n}": f"2026-05-0{5 + n % 3}" for n in range(98)}
    rows.update(B1="2025-12-01", B2="2025-04-12")
    return lists.snapshot(census, rows)


def told(w):
    """All that left: mails and events, as text."""
    out = ""
    for name in os.listdir(w.path("spool")):
        with open(w.path("spool", name), encoding="utf-8") as f:
            out += f.read()
    return out + "".join(m.text + m.html + m.subject for m in w.mails())


def items(w):
    out = {}
    for name in os.listdir(w.path("spool")):
        if name.endswith(".json"):
            with open(w.path("spool", name), encoding="utf-8") as f:
                for item in json.load(f)["data"]["items"]:
                    out[item["measure"]] = item
    return out


def test_nobody_can_tell_from_a_message_or_redis_how_few_are_over_the_line(build):
    with lists.instance(build, plan_text=lists.plan(WITHIN, OVER, LONGEST, MEDIAN)) as i:
        i.put("1.csv", few_over(), feed="weekly")
        i.start("2026-05-18T10:00")
        wait_for(lambda: len(i.alerts("behind-plan")) >= 3 and set(MEASURES) <= set(items(i)), "what is told")
        exact = {m["id"]: m["value"] for m in i.ctl("measures")}
        assert {m: exact[m] for m in MEASURES} == MEASURES, exact  # the control socket is exact
        shown = items(i)
        assert (shown["within"]["figure"], shown["within"]["value"]) == ("*", None), shown["within"]
        assert (shown["over"]["figure"], shown["over"]["value"]) == ("*", None), shown["over"]
        assert (shown["longest"]["figure"], shown["longest"]["value"]) == ("52 to 65 weeks", None), shown["longest"]
        assert shown["median"]["figure"] == "11 days", shown["median"]
        assert [i.now_hash(m)["value"] for m in MEASURES] == ["*", "*", "52 to 65 weeks"]
        assert not [x for x in ("98%", "98 ", "400 ", "36 days") if x in told(i)], told(i)


def people(census, over):
    """So many who have waited for over 18 weeks, and 30 who have not."""
    rows = {f"A{n}": "2026-05-01" for n in range(30)}
    rows.update({f"B{n}": "2025-12-01" for n in range(over)})
    return lists.snapshot(census, rows)


def said(i):
    """What the newest messages say, and the keys of Redis, without what differs between any two."""
    mail = i.mails()[-1]
    item = items(i)["over"]
    now = i.now_hash("over")
    return ([mail.subject, [x for x in mail.text.splitlines() if x.startswith(("What", "Behind", "Back"))]]
            + [item[k] for k in ("news", "severity", "figure", "value", "line", "target", "state")]
            + [now[k] for k in ("value", "rag", "target", "expected")])


def of_few(build, line, tolerance, over):
    measure = lists.measure(id="over", title="Over 18 weeks", target="{at_most: %d}" % line,
                            more="    tolerance: %d\n" % tolerance)
    with lists.instance(build, plan_text=lists.plan(measure)) as i:
        i.put("1.csv", people("2026-05-17", over), feed="weekly")
        i.start("2026-05-18T10:00")
        wait_for(lambda: i.mails() and "over" in items(i) and i.now_hash("over"), "what is told")
        return said(i)


def test_a_line_under_five_its_tolerance_and_its_colour_do_not_tell_how_few_are_behind_it(build):
    told_of_four = of_few(build, 3, 0, 4)
    assert told_of_four[0].startswith("Behind plan: ") and told_of_four[0].endswith(" *, plan under 5"), told_of_four
    assert not [x for x in ("amber", "red", "tolerance", "plan 3", "has 3", "most 3") if x in str(told_of_four[1])]
    for line, tolerance, over in ((1, 1, 2), (1, 1, 4), (0, 2, 1), (0, 2, 3), (0, 0, 1)):
        assert of_few(build, line, tolerance, over) == told_of_four, (line, tolerance, over)


def test_a_count_that_becomes_worse_behind_a_line_under_five_is_told_again_without_saying_that_it_is_worse(build):
    measure = lists.measure(id="over", title="Over 18 weeks", target="{at_most: 1}", more="    tolerance: 1\n")
    with lists.instance(build, plan_text=lists.plan(measure)) as i:
        i.put("1.csv", people("2026-05-17", 2), feed="weekly")
        i.once("2026-05-18T10:00")
        assert [m.subject[:13] for m in i.mails()] == ["Behind plan: "], i.mails()[0].subject
        i.put("2.csv", people("2026-05-24", 4), feed="weekly")
        i.once("2026-05-25T10:00")  # worse: it is red, and told at once
        mail = i.mails()[-1]
        assert len(i.mails()) == 2 and mail.subject.startswith("Still behind plan: "), [m.subject for m in i.mails()]
        assert "orse" not in mail.text + mail.html + mail.subject, mail.text
        told = i.events()[mail.delivery_id]["data"]["items"]
        assert [(x["news"], x["severity"]) for x in told] == [("reminder", "red")], "the colour that it had, too"


def test_plan_check_warns_of_a_count_whose_line_is_under_five_and_not_of_one_that_asks_for_none(build):
    for line, warned in ((4, True), (1, True), (0, False), (5, False)):
        measure = lists.measure(id="over", title="Over 18 weeks", target="{at_most: %d}" % line)
        with lists.instance(build, plan_text=lists.plan(measure)) as i:
            out = i.ctl_raw("plan", "check", i.path("plan.yaml"), "--settings", i.path("waitlistd.yaml"), output="table")
            assert ("a line under 5 cannot be told without giving small numbers away" in
                    out.stdout + out.stderr) == warned, (line, out.stdout, out.stderr)


def test_feeds_says_how_many_wait_apart_from_all_that_are_kept(build):
    with lists.instance(build, plan_text=lists.plan(OVER)) as i:
        i.put("1.csv", few_over(), feed="weekly")
        i.start("2026-05-25T10:00")
        wait_for(lambda: i.ctl("feeds")[0]["files"] == 1, "the first list")
        i.put("2.csv", few_over("2026-05-24").replace("A1,", "C1,"), feed="weekly")
        wait_for(lambda: i.ctl("feeds")[0]["files"] == 2, "the second list")
        part = i.ctl("feeds")[0]["list"]["parts"][0]
        assert (part["open"], part["pathways"]) == (100, 101), part


if __name__ == "__main__":
    run_tests(globals())
