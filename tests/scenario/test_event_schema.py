"""The JSON Schema of what webhooks are sent, held against the events themselves and against the names in the source."""
import copy
import glob
import json
import os
import re
import subprocess
import sys

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from hook import Hook, HOOK_RECEIVER, SECRET
from waitlist import ROOT, Instance, measure, plan, run_tests, three, wait_for

SCHEMA = os.path.join(ROOT, "config", "schema", "event.schema.json")


def schema():
    with open(SCHEMA, encoding="utf-8") as f:
        return json.load(f)


def wrong(event, against=None):
    return [f"{list(e.absolute_path)}: {e.message}" for e in jsonschema.Draft7Validator(against or schema()).iter_errors(event)]


def strict():
    """Of each kind of data alone, so that what is wrong is said at its place."""
    s = schema()
    kinds = {"uk.waitlistd.alerts.v1": "alerts", "uk.waitlistd.notice.v1": "notice"}
    return {type: dict(s, properties=dict(s["properties"], data={"$ref": f"#/definitions/{name}"})) for type, name in kinds.items()}


def hold(event):
    assert not wrong(event, strict()[event["type"]]), (wrong(event, strict()[event["type"]]), event)
    assert not wrong(event), "as it is shipped"


def composed(build, *options):
    return json.loads(subprocess.run([os.path.join(build, "tests/live/compose_once"), "json", *options], check=True, capture_output=True).stdout)


def names_in(pattern, function):
    """The names that a function of the source gives its values."""
    for path in glob.glob(os.path.join(ROOT, pattern)):
        with open(path, encoding="utf-8") as f:
            found = re.search(r"char \*" + function + r"\(.*?\n}", f.read(), re.S)
        if found:
            return re.findall(r'"([^"]+)"', found.group(0))
    raise AssertionError(function)


def test_every_composed_event_fits_the_schema_and_has_every_key_of_it(build):
    seen, items = set(), set()
    for options in ([], ["news=2"], ["news=5"], ["news=6"], ["published=0"], ["illustrative=1"], ["items=8"],
                    ["title=" + "x" * 300, "org=\u202e<b>", "action=a\tb"]):
        event = composed(build, *options)
        hold(event)
        seen |= set(event["data"])
        for item in event["data"]["items"]:
            items |= set(item)
    definitions = schema()["definitions"]
    assert seen == set(definitions["alerts"]["properties"]) - {"baseline"}, seen ^ set(definitions["alerts"]["properties"])
    assert items == set(definitions["item"]["properties"]), items ^ set(definitions["item"]["properties"])


def test_what_a_webhook_gets_over_months_fits_the_schema(build):
    with Hook() as hook, Instance(build, plan_text=plan(measure(), receivers="spool, hook"), receivers=HOOK_RECEIVER.format(port=hook.port),
                                  routes="{ops: [hook], governance: [spool], fallback: [spool]}") as w:
        w.write("hook.secret", SECRET + "\n")
        with open(w.path("waitlistd.yaml"), "a") as f:
            f.write("heartbeat: {receiver: hook, every: 1s}\n")
        w.put("1.csv", three(6))
        w.once("2024-06-10")
        w.put("2.csv", three(45, "2024-05"))
        w.once("2024-07-10")
        w.once("2024-10-10")  # the feed is late
        w.start("2024-10-11")
        w.ctl("notify", "test", "hook")
        events = lambda: [json.loads(r.body) for r in list(hook.requests)]
        wait_for(lambda: any(e["data"].get("kind") == "heartbeat" for e in events()), "a sign of life")
        rules = {i["rule"] for e in events() for i in e["data"].get("items", [])}
        kinds = {e["data"].get("kind") for e in events()}
        assert {"behind-plan", "feed-late"} <= rules and {"test", "heartbeat"} <= kinds, (rules, kinds)
        for event in events():
            hold(event)


def test_the_names_in_the_schema_are_those_of_the_source(build):
    item = schema()["definitions"]["item"]["properties"]
    assert item["news"]["enum"] == names_in("daemon/alert/*.c", "alert_news_name")
    assert item["rule"]["enum"] == names_in("daemon/plan/finding.c", "rule_name")
    assert item["state"]["enum"] == names_in("daemon/alert/*.c", "alert_state_name")
    with open(os.path.join(ROOT, "daemon/notify/notice.c"), encoding="utf-8") as f:
        kinds = re.findall(r"\[NOTICE_\w+\] = \{ \"([\w-]+)\", (?:\"|NULL)", f.read())
    assert schema()["definitions"]["notice"]["properties"]["kind"]["enum"] == kinds, kinds


def test_an_event_that_lacks_a_key_or_has_one_more_is_refused(build):
    event = composed(build)
    for where in (lambda e: e, lambda e: e["data"], lambda e: e["data"]["items"][0]):
        for key in list(where(event)):
            less = copy.deepcopy(event)
            del where(less)[key]
            assert wrong(less), key
        more = copy.deepcopy(event)
        where(more)["name_of_a_child"] = "x"
        assert wrong(more)


if __name__ == "__main__":
    run_tests(globals())
