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
