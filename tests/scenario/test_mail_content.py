"""A mail of a plan that rests on a waiting list, read end to end at a real SMTP server."""
import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import lists
from smtp_server import SmtpServer
from waitlist import Mail, run_tests

MAIL = "  - {{id: mail, kind: email, smtp: \"smtp://127.0.0.1:{port}\", from: monitor@example.nhs.uk, tls: \"off\"}}\n"
PEOPLE = """\
people:
  p1: {name: Ada Example, mail: ada@example.nhs.uk}
  p2: {name: Ben Example, mail: ben@example.nhs.uk}
holders:
  camhs-lead: [{person: p1, from: 2024-04-01}, {person: p2, from: 2024-04-01}]
"""
FIRST = datetime.date(2026, 3, 1)
WAITS = (10, 60, 90, 110, 140, 200, 400, 800)  # days, of as many each


def waiting(week):
    """160 who wait; after the first week twenty new ones stand in the place of those who waited least."""
    day = FIRST + datetime.timedelta(days=7 * week)
    rows = {f"A{i}": FIRST - datetime.timedelta(days=WAITS[i % 8]) for i in range(160)}
    if week:
        for i in range(0, 160, 8):
            del rows[f"A{i}"]
        rows |= {f"B{week}-{i}": day - datetime.timedelta(days=i % 6) for i in range(20)}
    return day, {id: str(start) for id, start in rows.items()}


def tables(text):
    """{first cell: the others} of each line of a table."""
    return {cells[0]: cells[1:] for cells in (line.split(" | ") for line in text.splitlines()) if len(cells) > 1}


def test_a_mail_of_a_list_measure_says_what_is_known_beside_its_figure(build):
    plan = lists.plan(lists.measure(id="w18", title="Seen within 18 weeks", metric="open-within:18w", polarity="higher",
                                    target="{at_least: 40}", more="    expect: {2026-01-01: 40, 2026-03-15: 75}\n"))
    with SmtpServer() as smtp, lists.instance(build, plan_text=plan.replace("[spool]", "[mail, spool]"), extra=lists.LISTS + "people: people.yaml\n",
                                              receivers=MAIL.format(port=smtp.port) + "  - {id: spool, kind: spool, dir: ./spool}\n") as w:
        w.write("people.yaml", PEOPLE)
        for week in range(3):
            day, rows = waiting(week)
            w.put(f"{week}.csv", lists.snapshot(str(day), rows), feed="weekly")
            w.once(f"{day + datetime.timedelta(days=1)}T10:00")
        mail = Mail(w.write("lead.eml", next(m[2] for m in smtp.mails)))
        text = mail.text.replace("\r\n", "\n")
        told = tables(text)
        event, = w.events().values()
    assert mail.subject == "Behind plan: Seen within 18 weeks 50%, plan 75%" and len(mail.subject) <= 60, mail.subject
    assert len(text.split("\n\n\n")[0].split()) <= 350, mail.text
    assert "(camhs-lead, by mail)" in mail.text and "spool" in mail.text, mail.text
    assert "not for deciding any child's care" in mail.text, mail.text
    assert told["1 March 2026"][:2] == ["50%", "40%"] and told["15 March 2026"][1:] == ["75%", "behind"], told
    expected = {"Within 18 weeks (numerator)": "80", "On the list (denominator)": "160", "Over 18 weeks": "80", "Over 52 weeks": "40",
                "Over 104 weeks": "20", "Joined (clocks started)": "20", "Left (clocks stopped)": "20"}
    assert {name: told[name][0] for name in expected} == expected, mail.text
    assert told["Will pass 18 weeks within 28 days, if nobody is seen"][0] == "40", mail.text
    assert told["Joined (clocks started)"][1] == "9 March 2026 to 15 March 2026", told
    assert any(name.startswith("Median wait (percentile of open waits, linear)") for name in told), told
    assert told["1.1 Second assessment team"] == ["30 September 2027", "not started", "", "camhs-lead"], told
    item, = event["data"]["items"]
    assert {f["label"]: f["figure"] for f in item["figures"]} == {f["label"]: told[f["label"]][0] for f in item["figures"]}
    assert [p["behind"] for p in item["history"]] == [False, False, True], item["history"]


if __name__ == "__main__":
    run_tests(globals())
