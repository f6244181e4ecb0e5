"""Rows M of the fault matrix: what a mail relay can do to a message. Nothing is lost, nothing is told twice unless
its first outcome was unknown, and then under the same Message-ID."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faults import FULL, certificate, fast, message_ids, some
from smtp_server import SmtpServer
from waitlist import FEED_CYP, Instance, Mail, measure, mhsds, plan, run_tests, three, wait_for

MAIL = ("  - {{id: {id}, kind: email, hours: all, to: {to}, smtp: \"smtp://127.0.0.1:{port}\", from: monitor@example.nhs.uk, "
        "tls: \"{tls}\"{more}}}\n")
ROUTES = "{ops: [spool], governance: [spool], fallback: [spool]}"


def mail(port, id="mail", to="lead@example.nhs.uk", tls="off", more=""):
    return MAIL.format(**locals())


def mailing(build, port, receivers="mail", settings=None, **more):
    """An instance whose lead is reached by mail, with one red message to come."""
    w = Instance(build, plan_text=more.pop("plan_text", plan(receivers=receivers)), routes=ROUTES,
                 receivers=(settings or mail(port, **more)) + "  - {id: spool, kind: spool, dir: ./spool}\n")
    w.put("a.csv", three(6))
    return w


def test_M1_a_passing_refusal_at_any_step_is_tried_again_and_then_delivered_once(build):
    cells = [(verb, code) for verb in ("CONNECT", "MAIL", "RCPT", "DATA", "DOT")
             for code in ("421", "450", "451", "452", "454")]
    for verb, code in some(cells, 5):
        with SmtpServer(replies={verb: f"{code} later"}) as smtp, mailing(build, smtp.port) as w:
            w.once("2024-06-10", expect=1)
            refused = len(smtp.mails)  # the server read the content when it refused at the dot
            smtp.replies[verb] = "250 ok" if verb != "CONNECT" else "220 fake"
            smtp.replies["DATA"] = "354 go on"
            w.once("2024-06-10T14:00")
            w.once("2024-06-10T16:00")
            ids = message_ids(smtp, w)
            assert len(ids) == refused + 1 and len(set(ids)) == 1, (verb, code, ids)


def test_M2_a_greylisting_relay_sees_the_same_triplet_and_delivers_once(build):
    seen = []

    def greylist(line):
        seen.append(line)
        return "451 4.7.1 greylisted, come back" if len(seen) < 4 else "250 ok"

    with SmtpServer(replies={"RCPT": greylist}) as smtp, mailing(build, smtp.port) as w:
        for at in ("12:00", "12:01", "12:06"):
            w.once(f"2024-06-10T{at}", expect=1)
        w.once("2024-06-10T13:30")
        w.once("2024-06-10T14:30")
        assert len(smtp.mails) == 1, len(smtp.mails)
        senders = {line for _, line in smtp.dialogue if line.upper().startswith(b"MAIL")}
        assert len(set(seen)) == 1 and len(senders) == 1, (seen, senders)


def test_M4_a_connection_cut_at_any_byte_costs_at_most_one_copy_and_that_under_the_same_id(build):
    with SmtpServer() as smtp, mailing(build, smtp.port) as w:
        w.once("2024-06-10")
        whole = sum(len(line) for _, line in smtp.dialogue) + len(smtp.mails[0][3]) + 3
    for k in some(range(1, whole + 1, max(1, whole // 90)), 8):
        with SmtpServer(cut_after=k) as smtp, mailing(build, smtp.port) as w:
            w.run("--once", "--at", "2024-06-10")
            first = len(smtp.mails)
            smtp.cut_after = None
            w.once("2024-06-10T14:00")
            w.once("2024-06-10T16:00")
            ids = message_ids(smtp, w)
            assert 1 <= len(ids) <= 2 and len(set(ids)) == 1, (k, whole, ids)
            assert len(ids) == 1 or first == 1, (k, whole, "sent twice though the first was never whole")


def test_M5_what_was_taken_is_delivered_though_quit_hangs(build):
    for fault in ({"hang_at": "QUIT"}, {"drop_at": "QUIT"}):
        with SmtpServer(**fault) as smtp, mailing(build, smtp.port) as w:
            w.once("2024-06-10")
            w.once("2024-06-10T14:00")
            assert len(smtp.mails) == 1, (fault, len(smtp.mails))


def test_M6_nine_minutes_of_silence_after_the_dot_are_waited_for_and_hold_up_nobody(build):
    with SmtpServer(delay={"DOT": 6}) as smtp, mailing(build, smtp.port, receivers="mail, spool") as w:
        w.start("2024-06-10", env=fast(90))  # the server's six seconds are nine minutes to the daemon
        wait_for(lambda: len(smtp.mails) == 1, "the content to be sent")
        wait_for(lambda: w.ctl("status")["messages_due"] == 1, "the mail alone to be under way")
        assert w.mails(), "the other receiver was served meanwhile"
        wait_for(lambda: w.ctl("status")["messages_due"] == 0, "the mail to be delivered", 30)
        assert len(smtp.mails) == 1, "sent again while the first was waited for"


def test_M7_without_proven_tls_no_word_of_the_message_is_said_and_the_message_is_kept(build):
    with Instance(build) as keys:
        wrong, _ = certificate(keys, "mail.example.org", prefix="wrong")
        right, trusted = certificate(keys, "127.0.0.1", prefix="right")
        for why, server in (("not offered", {}), ("refused", {"replies": {"STARTTLS": "454 not now"}, "certificate": right}),
                            ("another name", {"certificate": wrong}), ("unknown authority", {"certificate": right})):
            more = f", ca_file: {trusted}" if why == "another name" else ""
            with SmtpServer(**server) as smtp, mailing(build, smtp.port, tls="required", more=more) as w:
                w.once("2024-06-10", expect=1)
                assert not smtp.mails, why
                for layer, line in smtp.dialogue:
                    verb = line.split(b" ")[0].strip().upper()
                    assert layer == "tls" or verb in (b"EHLO", b"STARTTLS", b"QUIT"), (why, layer, line)
                w.start("2024-06-10T13:00")
                assert w.measure()["rag"] == "red"  # waits until the books are there
                assert w.ctl("status")["messages_due"] >= 1, why
                w.stop()
        with SmtpServer(certificate=right) as smtp, \
                mailing(build, smtp.port, tls="required", more=f", ca_file: {trusted}") as w:
            w.once("2024-06-10")
            assert len(smtp.mails) == 1 and all(layer == "tls" for layer, line in smtp.dialogue if line.startswith(b"MAIL"))


def test_M9_line_ends_and_controls_reach_neither_addresses_nor_headers(build):
    hostile = "Lead\\r\\nBcc: x@example.org\\0\\u00e9"
    with SmtpServer() as smtp:
        w = mailing(build, smtp.port, plan_text=plan(measures=measure(title=f"\"Help{hostile}\""), receivers="mail"))
        with w:
            r = w.run("--check")
            if r.returncode == 0:
                w.once("2024-06-10")
                m = Mail(w.write("mail.eml", smtp.mails[0][2]))
                assert m.message["Bcc"] is None and len(smtp.mails[0][1]) == 1
                names = [n for n, _ in m.message.items()]
                assert len(names) == len(set(names)), names
            else:
                assert r.returncode == 78 and "plan.yaml:" in r.stderr, r.stderr
        for address in ("lead@example.nhs.uk\\r\\nRCPT TO:<x@example.org>", "a b@example.nhs.uk", "\\u00e9@example.nhs.uk",
                        "lead@", "<x>@example.nhs.uk", "lead@example.nhs.uk\\0"):
            with mailing(build, smtp.port, to=f"\"{address}\"") as w:
                r = w.run("--check")
                assert r.returncode == 78 and "waitlistd.yaml:" in r.stderr, (address, r.returncode, r.stderr)
    assert not any(b"example.org" in line for _, line in smtp.dialogue if line.upper().startswith(b"RCPT")), smtp.dialogue


def test_M10_every_line_on_the_wire_ends_as_it_must_and_one_message_arrives(build):
    title = "." + "x" * 900 + " . " + "y" * 200
    with SmtpServer() as smtp, mailing(build, smtp.port,
                                       plan_text=plan(measures=measure(title=f"\"{title}\""), receivers="mail")) as w:
        if w.run("--check").returncode == 78:
            title = "." + "x" * 60 + " . " + "y" * 60
            w.write("plan.yaml", plan(measures=measure(title=f"\"{title}\""), receivers="mail"))
        w.once("2024-06-10")
        assert len(smtp.mails) == 1
        raw = smtp.mails[0][3]
        assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None, "a bare CR or LF"
        assert max(len(line) for line in raw.split(b"\r\n")) <= 998
        assert all(line.startswith(b"..") for line in raw.split(b"\r\n") if line.startswith(b"."))
        assert title[:40] in Mail(w.write("mail.eml", smtp.mails[0][2])).text.replace("\n", " ")


def test_M3_a_refusal_for_good_of_one_recipient_leaves_the_others_alone_and_reaches_ops(build):
    def gone(line):
        return "550 5.1.1 no such user" if b"gone@" in line else "250 ok"

    with SmtpServer(replies={"RCPT": gone}) as smtp:
        settings = mail(smtp.port) + mail(smtp.port, id="second", to="gone@example.nhs.uk")
        with mailing(build, smtp.port, receivers="mail, second", settings=settings) as w:
            w.run("--once", "--at", "2024-06-10")
            w.run("--once", "--at", "2024-06-10T13:00")
            assert len(smtp.mails) == 1 and b"lead@" in smtp.mails[0][1][0], smtp.mails
            said = "\n".join(m.text for m in w.mails())
            assert "cyp-4w" in said or "Children helped within 4 weeks" in said, "the fallback hears what was not told"


def test_M8_a_refused_login_is_tried_once_in_a_quarter_of_an_hour(build):
    tries = []

    def login(line):
        tries.append(line)
        return "535 5.7.8 no"

    with Instance(build) as keys:
        pem, trusted = certificate(keys)
        with SmtpServer(certificate=pem, login=True) as smtp:
            smtp.replies["AUTH"] = "535 5.7.8 no"
            with mailing(build, smtp.port, tls="required", more=f", ca_file: {trusted}, user: monitor, password_file: pw") as w:
                w.write("pw", "not the right one\n")
                w.start("2024-06-10", env=fast(60))  # a second is a minute
                wait_for(lambda: smtp.connections >= 1, "the first try")
                wait_for(lambda: smtp.connections >= 2, "the next try", 60)
                said = w.log()
                rests = [int(s) for s in re.findall(r"receiver=mail outcome=[a-z-]+ code=535 .*?next=(\d+)s", said)]
                assert rests and all(s >= 900 for s in rests), said[-2000:]
                assert "not the right one" not in said
                status = w.ctl_raw("health")
                assert status.returncode == 2, "a red message that cannot be sent is critical"


def test_M11_ten_thousand_alerts_at_once_are_one_digest_that_lists_or_counts_them_all(build):
    count = 10000 if FULL else 1000
    orgs = [f"R{n:05}" for n in range(count)]
    measures = "".join(measure(id=f"m{n}", title=f"Measure {n}", org=o) for n, o in enumerate(orgs))
    rows = mhsds("2024-04", {(o, "MRS08b"): 3 for o in orgs} | {("TAJ", "MRS08b"): 40})
    feed = FEED_CYP.replace("keep: [QUA, TAJ, England]", "keep: all")
    with SmtpServer() as smtp, Instance(build, plan_text=plan(measures=measures, receivers="mail"), routes=ROUTES, feeds=feed,
                                        receivers=mail(smtp.port) + "  - {id: spool, kind: spool, dir: ./spool}\n") as w:
        w.put("a.csv", rows)
        said = w.once("2024-06-10", timeout=240).stderr
        assert "could not be stored" not in said, "more calls at once than the connection takes"
        w.once("2024-06-10T13:00", timeout=240)
        assert len(smtp.mails) <= 20, f"{len(smtp.mails)} mails"
        text = Mail(w.write("mail.eml", smtp.mails[0][2])).text
        assert f"{count:,}" in text or str(count) in text, text[:2000]
        assert len(text.replace("\r", "").split("\n\n\n")[0].split()) <= 350, "the first part stays short"


def test_M12_a_relay_away_for_72_hours_loses_nothing_and_the_backlog_leaves_as_digests(build):
    two = measure() + measure(id="weeks", title="Waiting over a year", published="MRS09e", polarity="lower",
                              target="{at_most: 10}", expect="{2024-04-30: 10}")

    def month(name, share, long_waits):
        return mhsds(name, {(o, m): v for o in ("England", "QUA", "TAJ")
                            for m, v in (("MRS08b", share), ("MRS09e", long_waits))})

    with SmtpServer() as smtp:
        port = smtp.port
    with mailing(build, port, plan_text=plan(measures=two, receivers="mail")) as w:
        for name in w.inbox():
            os.unlink(w.path("inbox", "cyp4ww", name))
        w.put("a.csv", month("2024-04", 6, 5))       # the share is behind plan
        for hour in range(0, 72, 6):
            if hour == 24:
                w.put("b.csv", month("2024-05", 6, 500))  # and now the long waits too
            if hour == 48:
                w.put("c.csv", month("2024-06", 45, 500))  # the share is back on plan
            w.run("--once", "--at", f"2024-07-{15 + hour // 24}T{hour % 24:02}:00")
        with SmtpServer(port=port) as smtp:
            w.once("2024-07-18T00:05")
            w.once("2024-07-18T00:15")
            assert 1 <= len(smtp.mails) <= 2, [Mail(w.write("m", m[2])).subject for m in smtp.mails]
            said = "".join(Mail(w.write("m", m[2])).text for m in smtp.mails)
            assert "Children helped within 4 weeks" in said and "Waiting over a year" in said, said[:3000]
            w.once("2024-07-19")
            w.once("2024-07-20")
            assert len(smtp.mails) <= 3, "told once"


if __name__ == "__main__":
    run_tests(globals())
