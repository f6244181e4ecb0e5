"""Places: to which a pathway belongs, and what follows where that is not known."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import lists
from waitlist import Instance, run_tests, three

PLACES = """\
places:
  - {id: dudley, title: Dudley, also: [E08000027], practices: [M87001], lsoas: [E01009001], organisations: [E08000027]}
  - {id: sandwell, title: Sandwell, practices: [M88001], lsoas: [E01009002]}
"""
HEADER = ("pathway_id,issuer,person_id,service,provider,commissioner,place,practice,lsoa,referral_date,census_date")
START = "2026-01-05"


def snapshot(census, wheres):
    """wheres: of each pathway its (place, practice, lsoa)."""
    rows = [HEADER]
    for (id, start), where in zip(lists.starts(len(wheres), START).items(), wheres):
        rows.append(f"{id},TAJ,P{id},mental-health,TAJ,QUA,{','.join(where)},{start},{census}")
    return "\n".join(rows) + "\n"


PLAN = lists.plan(lists.measure(id="here", title="Waiting in Dudley", metric="open", select=", place: dudley",
                                target="{at_most: 10}"),
                  lists.measure(id="all", title="Waiting", metric="open", target="{at_most: 1000}"))
EXTRA = lists.LISTS + "places: places.yaml\n"


def instance(build):
    i = lists.instance(build, plan_text=PLAN, extra=EXTRA)
    i.write("places.yaml", PLACES)
    return i


def test_a_record_s_place_is_its_column_s_else_its_practice_s_else_its_area_s(build):
    with instance(build) as i:
        i.put("1.csv", snapshot("2026-05-17", [("DUDLEY", "M88001", "")] * 3 + [("", "M87001", "E01009002")] * 4 +
                                [("Elsewhere", "M00000", "E01009001")] * 5 + [("", "M88001", "")] * 40), feed="weekly")
        i.once("2026-05-18")
        i.start("2026-05-18")
        assert (i.ctl("measure", "here")["footprint"], i.ctl("measure", "all")["footprint"]) == ("place", "whole list")
        assert i.measure("here")["value"] == 12 and i.measure("all")["value"] == 52, i.ctl("measures")
        assert i.ctl("measure", "here")["holds"] is None, i.measure("here")
        for folder, _, names in os.walk(i.path("state", "archive")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    text = f.read()
                assert b"M87001" not in text or b"places:" in text, name


def test_over_two_percent_of_unknown_place_hold_the_measures_of_a_place(build):
    with instance(build) as i:
        i.put("1.csv", snapshot("2026-05-17", [("dudley", "", "")] * 12 + [("sandwell", "", "")] * 86 +
                                [("Nowhere", "M1", "")] * 2), feed="weekly")
        i.once("2026-05-18")
        assert i.look("2026-05-18", lambda x: x.ctl("measure", "here"))["holds"] is None
        assert i.look("2026-05-18", lambda x: x.alert(measure="here"))["state"] == "FIRING"
        i.put("2.csv", snapshot("2026-05-24", [("dudley", "", "")] * 8 + [("sandwell", "", "")] * 88 +
                                [("Nowhere", "M1", "")] * 4), feed="weekly")
        i.once("2026-05-25")
        i.start("2026-05-25")
        feed = [f for f in i.ctl("feeds") if f["id"] == "weekly"][0]
        assert feed["list"]["parts"][0]["place_unknown"] == 4, feed
        assert i.measure("here")["value"] == 8 and "places not known" in i.ctl("measure", "here")["holds"], i.measure("here")
        assert i.ctl("measure", "all")["holds"] is None, i.measure("all")
        assert i.alert(measure="here")["state"] == "FIRING", i.alert(measure="here")
        gap = i.alert(rule="coverage-gap")
        assert "some of the people who wait at TAJ" in str(gap) or [m for m in i.mails() if "some of the people who wait at TAJ" in m.text], gap
        i.stop()
        i.put("3.csv", snapshot("2026-05-31", [("dudley", "", "")] * 8 + [("sandwell", "", "")] * 92), feed="weekly")
        i.once("2026-06-01")
        assert i.look("2026-06-01", lambda x: x.ctl("measure", "here"))["holds"] is None


OWN = """\
plan: {id: dudley, version: 1, place: dudley, valid: {from: 2024-04-01, to: 2025-03-31}}
roles: {lead: {receivers: [spool]}}
measures:
  - {id: m, title: "TITLE", metric: "published:MRS08b", select: {feed: cyp4ww, breakdown: Provider, org: ORG},
     polarity: higher, target: {at_least: 60}, expect: {2024-06-30: 60}, owner: lead}
"""
# Whose figures, the title, and what is said of it: the kind as it is printed, an error or nothing.
FOOTPRINTS = (("QUA", "Helped in the Black Country", "NHS Black Country ICB (ICB)", False),
              ("QUA", "Children of Dudley helped", "NHS Black Country ICB", True),
              ("TAJ", "Helped by the trust", "Black Country Healthcare (provider)", False),
              ("RNA", "Helped at The Dudley Group", "The Dudley Group (provider)", False),
              ("RNA", "Dudley: helped at The Dudley Group", "The Dudley Group (provider)", True),
              ("England", "Helped", "England (England)", False),
              ("E08000027", "Dudley's own children", None, False))


def test_a_figure_of_a_wider_footprint_is_said_and_never_called_the_place_s(build):
    for org, title, said, is_error in FOOTPRINTS:
        with Instance(build, plan_text=OWN.replace("TITLE", title).replace("ORG", org), extra="places: places.yaml\n") as i:
            i.write("places.yaml", PLACES)
            result = i.run("--check")
            lines = [line for line in result.stderr.splitlines() if "figures are those of" in line]
            assert (result.returncode == 78) == is_error, (org, title, result.stderr)
            assert len(lines) == (said is not None) and (not said or said in lines[0]), (org, title, result.stderr)
            if said:
                assert ("error: measure: the title names Dudley" in lines[0]) == is_error, lines
                assert lines[0].startswith(i.path("plan.yaml") + ":4:") or is_error or ":5:" in lines[0] or ":4:" in lines[0]


def test_whose_figures_they_are_is_printed_with_them(build):
    text = OWN.replace("TITLE", "Helped by the trust").replace("ORG", "TAJ")
    with Instance(build, plan_text=text, extra="places: places.yaml\n") as i:
        i.write("places.yaml", PLACES)
        i.put("1.csv", three(10, "2024-06"))
        i.once("2024-08-15")
        assert [m for m in i.mails() if "Figures of: Black Country Healthcare (provider), not Dudley alone" in m.text], \
            [m.text for m in i.mails()]
        m = i.look("2024-08-15", lambda x: x.ctl("measure", "m"))
        assert m["footprint"] == "provider" and m["footprint_of"] == "Black Country Healthcare", m


if __name__ == "__main__":
    run_tests(globals())
