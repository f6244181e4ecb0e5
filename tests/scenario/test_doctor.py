"""The doctor: what is wrong around the daemon, and the command that mends it, one line for each seeded fault."""
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faults import certificate
from hook import SECRET
from http_server import HttpServer
from listening import Listening
from smtp_server import SmtpServer
from waitlist import Instance, RECEIVER_SPOOL, plan, run_tests, wait_for

KEYS = ["level", "check", "subject", "what", "mend"]
FEEDS = """\
  - {id: monthly, kind: aggregate, format: mhsds, inbox: ./inbox/monthly, cadence: monthly, grace: 45d, keep: [TAJ]}
  - {id: dated, kind: aggregate, format: mhsds, inbox: ./inbox/dated, cadence: [2025-01-31, 2025-03-31], grace: 45d, keep: [TAJ]}
  - {id: lenient, kind: aggregate, format: mhsds, inbox: ./inbox/lenient, cadence: weekly, grace: 60d, keep: [TAJ]}
  - {id: later, kind: aggregate, format: mhsds, inbox: ./inbox/later, cadence: monthly, grace: 45d, from: 2026-01-01, keep: [TAJ]}
"""
MAIL = '  - {{id: {id}, kind: email, to: lead@example.nhs.uk, smtp: "{url}", from: monitor@example.nhs.uk{more}}}\n'
OFF = ', tls: "off"'
HOOK = '  - {{id: {id}, kind: webhook, url: "{url}", secret_file: {secret}, allow_private: true{more}}}\n'
PEOPLE = "people:\n  p1: {name: A B, mail: a.b@example.nhs.uk}\nholders:\n  camhs-lead: [{person: p1, from: 2024-04-01, to: 2024-05-31}]\n"


class OldRedis(Listening):
    """An old server, an hour ahead, that failed to write its file; told of nothing that it may be asked for."""

    def __init__(self, folder):
        self.listen_beside(folder, "redis.sock")

    def serve(self, s):
        info = b"# Server\r\nredis_version:6.0.16\r\naof_last_write_status:err\r\nused_memory:990\r\nmaxmemory:1000\r\n"
        for line in s.makefile("rb"):
            if line.strip() == b"INFO":
                s.sendall(b"$%d\r\n%s\r\n" % (len(info), info))
            elif line.strip() == b"CONFIG":
                s.sendall(b"-NOPERM no\r\n")
            elif line.strip() == b"TIME":
                s.sendall(b"*2\r\n$10\r\n%d\r\n$1\r\n0\r\n" % (time.time() + 3600))


def relay(id, port, more=OFF, scheme="smtp"):
    return MAIL.format(id=id, url=f"{scheme}://127.0.0.1:{port}", more=more)


def web(id, port, secret="hook.secret", more="", scheme="https"):
    return HOOK.format(id=id, url=f"{scheme}://127.0.0.1:{port}/a-path-that-is-a-key", secret=secret, more=more)


def doctor(w, expect):
    """What it says, by (check, subject)."""
    result = w.ctl_raw("doctor")
    assert result.returncode == expect, (result.returncode, result.stdout, result.stderr)
    report = json.loads(result.stdout)
    assert list(report) == ["checks", "ok", "warn", "fail"], list(report)
    for line in report["checks"]:
        assert list(line) == KEYS, line
        assert (line["level"] == "ok") == (line["mend"] is None), f"a fault has a command that mends it: {line}"
    for level in ("ok", "warn", "fail"):
        assert report[level] == sum(c["level"] == level for c in report["checks"])
    return report["checks"]


def holds(checks, faults):
    """Each fault: level, check, end of the subject, words of the cause, words of the command."""
    missing = [f for f in faults if not any(
        c["level"] == f[0] and c["check"] == f[1] and c["subject"].endswith(f[2]) and f[3] in c["what"] and f[4] in c["mend"]
        for c in checks if c["level"] != "ok")]
    assert not missing, f"not named: {missing}\n" + "\n".join(map(str, checks))


def test_each_of_36_seeded_faults_and_more_is_named_with_its_cause_and_the_command_that_mends_it(build):
    with Instance(build) as c, HttpServer() as plain, SmtpServer() as well, SmtpServer(hang_at="CONNECT") as silent, \
            SmtpServer({"AUTH": "535 no"}, login=True) as locked, SmtpServer({"RCPT": "550 nobody here"}) as unknown, \
            SmtpServer({"MAIL": "553 not you"}) as sender, SmtpServer({"RCPT": "450 later"}) as grey, \
            SmtpServer({"CONNECT": "421 too busy"}) as busy, SmtpServer({"CONNECT": "554 not from there"}) as away:
        authority, trusted = certificate(c, "elsewhere.example", prefix="authority")
        ended, _ = certificate(c, issuer=authority, days=-1, prefix="ended")
        soon, _ = certificate(c, issuer=authority, days=2, prefix="soon")
        with HttpServer(certificate=authority) as strange, HttpServer(certificate=ended) as old, HttpServer(certificate=soon) as ends:
            closed = SmtpServer()
            closed.close()
            ca = f", ca_file: {trusted}"
            receivers = "".join([
                RECEIVER_SPOOL, "  - {id: board, kind: spool, dir: ./board}\n",
                "  - {id: inner, kind: spool, dir: ./inner, profile: internal, approved_by: Chief, basis: contract, review_by: 2025-05-31}\n",
                relay("well", well.port), relay("closed", closed.port), relay("silent", silent.port),
                relay("starttls", well.port, ""), relay("locked", locked.port, OFF + ", user: u, password_file: mail.password"),
                relay("unknown", unknown.port), relay("sender", sender.port), relay("grey", grey.port),
                relay("busy", busy.port), relay("away", away.port), relay("open", well.port, OFF + ", user: u, password_file: mail.password"),
                MAIL.format(id="nowhere", url="smtp://relay.onion:25", more=OFF),
                MAIL.format(id="nobody", url=f"smtp://127.0.0.1:{well.port}", more=OFF).replace("to: lead@example.nhs.uk, ", ""),
                web("strange", strange.port), web("other-name", strange.port, more=ca), web("old", old.port, more=ca),
                web("ends", ends.port, more=ca), web("plain", plain.port), web("no-ca", strange.port, more=", ca_file: none.pem"),
                web("open-secret", plain.port, "open.secret", scheme="http")])
            with Instance(build, feeds=FEEDS, receivers=receivers, extra="people: people.yaml\n", plan_text=plan().replace("cyp4ww", "monthly")) as w:
                w.write("people.yaml", PEOPLE)
                for name in ("hook.secret", "open.secret"):
                    w.write(name, SECRET + "\n")
                    os.chmod(w.path(name), 0o600)
                w.write("mail.password", "a password\r\n")
                os.chmod(w.path("mail.password"), 0o600)
                w.write("none.pem", "nothing of this kind\n")
                w.start("2025-06-10", env={"https_proxy": "http://127.0.0.1:9"})
                # The world goes wrong while the daemon runs.
                os.rmdir(w.path("inner"))
                os.rmdir(w.path("board"))
                w.write("board", "a file")
                os.chmod(w.path("inbox", "monthly"), 0o777)
                os.chmod(w.path("state"), 0o755)
                os.symlink("/dev/null", w.path("inbox", "lenient", "link.csv"))
                os.chmod(w.path("open.secret"), 0o644)
                os.utime(w.path("state", "journal", "received"), (time.time() + 86400,) * 2)
                w.redis("CONFIG", "SET", "appendfsync", "everysec")
                w.redis("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
                w.redis("CONFIG", "SET", "maxmemory", "60mb")
                asked = []
                question = threading.Thread(target=lambda: asked.append(doctor(w, 1)))
                question.start()
                wait_for(lambda: silent.connections, "the relay that says nothing to be asked")
                assert w.ctl("status")["instance"] == "black-country", "the daemon answers others meanwhile"
                has_ended = not question.is_alive()
                again = w.ctl_raw("doctor")
                assert again.returncode == 1 and (has_ended or "looked at already" in again.stderr), again.stderr
                question.join()
                checks = asked[0]
                settings, state = w.path("waitlistd.yaml"), w.path("state")
                edit, set_ = f"editor {settings}", "CONFIG SET "
                holds(checks, [
                    ("fail", "folder", "/inner", "No such file", f"install -d -m 700 {w.path('inner')}"),
                    ("fail", "folder", "/board", "a file is in its place", f"mv {w.path('board')}"),
                    ("fail", "folder", "/inbox/monthly", "everybody may put files", f"chmod o-w {w.path('inbox/monthly')}"),
                    ("warn", "folder", "/state", "others may look", f"chmod 700 {state}"),
                    ("warn", "inbox", "/inbox/lenient", "1 link in it", f"find {w.path('inbox/lenient')} -maxdepth 1 -type l -delete"),
                    ("fail", "credential", "/open.secret", "others than its owner", f"chmod 600 {w.path('open.secret')}"),
                    ("warn", "credential", "/mail.password", "as Windows writes", "sed -i 's/\\r$//' "),
                    ("fail", "dns", "receiver nowhere", "its name is not found", "getent ahosts relay.onion"),
                    ("fail", "connect", "receiver closed", "nothing listens there", edit),
                    ("fail", "connect", "receiver silent", "no answer in time", "IPAddressAllow="),
                    ("fail", "tls", "receiver starttls", "offers no STARTTLS", edit),
                    ("fail", "login", "receiver locked", "refuses user and password", f"install -m 600 /dev/stdin {w.path('mail.password')}"),
                    ("fail", "smtp", "receiver unknown", "refuses the recipient: 550 nobody here", edit),
                    ("fail", "smtp", "receiver sender", "refuses the sender: 553 not you", edit),
                    ("warn", "smtp", "receiver grey", "puts off, as greylisting does: 450 later", "waitlistctl notify test grey"),
                    ("fail", "smtp", "receiver busy", "takes nothing for now: what waits is tried again by itself: 421 too busy", "waitlistctl notify test busy"),
                    ("fail", "smtp", "receiver away", "turns this machine away: who runs the relay must let it in: 554 not", f"curl --verbose --max-time 10 smtp://127.0.0.1:{away.port}"),
                    ("fail", "login", "receiver open", "offers no AUTH", edit),
                    ("warn", "redis-memory", "/redis.sock", "maxmemory is 60 MiB", set_ + "maxmemory 0"),
                    ("fail", "people", "nobody", "nobody holds a role", edit),
                    ("fail", "tls", "receiver strange", "from nobody trusted here", edit),
                    ("fail", "tls", "receiver other-name", "for another name", edit),
                    ("fail", "tls", "receiver old", "has ended", "openssl s_client -connect 127.0.0.1:"),
                    ("warn", "tls", "receiver ends", "ends soon", "openssl s_client -connect 127.0.0.1:"),
                    ("fail", "tls", "receiver plain", "does not speak TLS", edit),
                    ("fail", "credential", "receiver no-ca", "holds no certificate", edit),
                    ("warn", "proxy", "https_proxy", "is not followed", "unset"),
                    ("fail", "redis-setting", "appendfsync", "is everysec, not always", set_ + "appendfsync always"),
                    ("fail", "redis-setting", "maxmemory-policy", "keys may be thrown away", set_ + "maxmemory-policy noeviction"),
                    ("fail", "clock", "machine", "journal received was written", "timedatectl set-ntp true"),
                    ("fail", "calendar", "dated", "no publication date is left after 2025-03-31", edit),
                    ("warn", "calendar", "lenient", "is told only after 8 periods", edit),
                    ("warn", "calendar", "later", "from: 2026-01-01 is to come", edit),
                    ("fail", "plan", "dudley", "ended on 2025-03-31", f"waitlistctl plan apply {w.path('plan.yaml')}"),
                    ("warn", "people", "camhs-lead", "nobody holds this role today, nor is a deputy; told as ever: spool", f"editor {w.path('people.yaml')}"),
                    ("fail", "profile", "inner", "what Chief allowed ended on 2025-05-31", edit),
                ])
                assert any(x["level"] == "ok" and x["subject"] == "receiver well" and "lead@example.nhs.uk" in x["what"] for x in checks), checks
                told = json.dumps(checks)
                assert "a-path-that-is-a-key" not in told and "a password" not in told and SECRET[6:] not in told, "no secret is in it"
                said = [line.split(b":")[0].strip() for _, line in well.dialogue]
                assert b"RCPT TO" in said and b"RSET" in said and b"DATA" not in said and not well.mails, said
                assert not any(s.requests for s in (plain, strange, old, ends)), "no web server was given a message"


ROLES = """\
people:
  p1: {name: A B, mail: a.b@example.nhs.uk}
  p2: {name: C D, mail: c.d@example.nhs.uk}
  p3: {name: E F, mail: e.f@example.nhs.uk}
  p4: {name: G H, mail: g.h@example.nhs.uk}
holders:
  camhs-lead: [{person: p1}, {person: p2, deputy: p3}, {person: p4, to: 2024-01-31}]
"""


def test_a_relay_is_asked_about_each_address_that_alerts_would_reach_and_one_that_is_refused_hides_no_other(build):
    def takes(line):
        """The second of three, and the deputy for later."""
        return "550 no such user" if b"c.d@" in line else "450 later" if b"e.f@" in line else "250 ok"

    with SmtpServer({"RCPT": takes}) as relays, SmtpServer({"RCPT": lambda line: "550 no" if b"lead@" in line else "250 ok"}) as other:
        receivers = RECEIVER_SPOOL + relay("mail", relays.port) + relay("second", other.port)
        with Instance(build, receivers=receivers, extra="people: people.yaml\n", plan_text=plan(receivers="mail, second")) as w:
            w.write("people.yaml", ROLES)
            w.start("2024-09-10")
            checks = [c for c in doctor(w, 1) if c["check"] == "smtp"]
            people = f"editor {w.path('people.yaml')} && "
            holds(checks, [("fail", "smtp", "receiver mail", "refuses the recipient, the holder p2 of camhs-lead: 550 no such user", people),
                           ("warn", "smtp", "receiver mail", "greylisting does, the deputy p3 of camhs-lead: 450 later", "waitlistctl doctor"),
                           ("fail", "smtp", "receiver second", "refuses the recipient: 550 no", f"editor {w.path('waitlistd.yaml')}")])
            taken = [c["what"].partition(": ")[2] for c in checks if c["level"] == "ok"]
            assert taken == ["it would take mail for lead@example.nhs.uk and 1 more", "it would take mail for a.b@example.nhs.uk and 2 more"], taken
            said = [line.strip().split(b":")[0] for _, line in relays.dialogue]
            first = said.index(b"MAIL FROM")
            assert said[first:first + 12] == [b"MAIL FROM", b"RCPT TO", b"RSET"] * 4 and said.count(b"RCPT TO") == 4, "who holds it no more is not asked about"
            relays.replies["RCPT"], relays.drop_at = "250 ok", "RSET"
            holds(doctor(w, 1), [("warn", "smtp", "receiver mail", "not asked about 3 more addresses: it ended the session", "waitlistctl doctor")])


def test_a_role_that_nobody_holds_is_said_with_where_its_mail_goes_and_an_own_folder_without_rights_is_opened(build):
    with SmtpServer() as relays:
        mail = relay("mail", relays.port)
        receivers = RECEIVER_SPOOL + mail + mail.replace("id: mail", "id: none").replace("to: lead@example.nhs.uk, ", "")
        with Instance(build, receivers=receivers, extra="people: people.yaml\n", plan_text=plan(receivers="mail, none, spool")) as w:
            w.write("people.yaml", PEOPLE)
            if os.geteuid() == 0:  # root writes everywhere unless that is taken from it
                w.wrapper = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")
            w.start("2024-09-10")
            archive = w.path("state", "archive")
            os.chmod(archive, 0o500)
            checks = doctor(w, 1)
            os.chmod(archive, 0o700)
            where = "nor is a deputy: mail for it goes to the to: of mail; no mail is written for it by none; told as ever: "
            holds(checks, [("warn", "people", "camhs-lead", where, f"editor {w.path('people.yaml')}"),
                           ("fail", "folder", "/archive", "cannot be written", f"chmod u+rwx {archive}")])
            w.write("plan.yaml", open(w.path("plan.yaml"), encoding="utf-8").read().replace("[mail, none, spool]", "[none]"))
            holds(doctor(w, 1), [("warn", "people", "camhs-lead", "for it by none: what is for it alone goes to ops", "editor ")])


def test_settings_that_were_broken_while_the_daemon_runs_are_named_by_their_line_and_a_lost_secret_by_its_path(build):
    with HttpServer() as http, Instance(build, receivers=RECEIVER_SPOOL + web("hook", http.port, scheme="http")) as w:
        w.write("hook.secret", SECRET + "\n")
        os.chmod(w.path("hook.secret"), 0o600)
        w.start("2024-09-10")
        mends = [c for c in doctor(w, 0) if c["level"] != "ok" and c["check"] not in ("disk", "proxy")]
        assert not mends, f"a healthy daemon has nothing to mend but what the machine lacks: {mends}"
        os.rename(w.path("hook.secret"), w.path("aside"))
        lines = open(w.path("waitlistd.yaml"), encoding="utf-8").read().splitlines()
        at = next(i for i, line in enumerate(lines, 1) if "secret_file" in line)
        make = f"echo whsec_$(openssl rand -base64 32) >{w.path('hook.secret')}"
        holds(doctor(w, 1), [("fail", "credential", "/hook.secret", "No such file", make),
                             ("fail", "settings", "/waitlistd.yaml", f"line {at}: ", f"editor +{at} {w.path('waitlistd.yaml')}")])
        w.write("hook.secret", "\n")
        os.chmod(w.path("hook.secret"), 0o600)
        holds(doctor(w, 1), [("fail", "credential", "/hook.secret", "the file is empty", make)])
        os.rename(w.path("aside"), w.path("hook.secret"))
        text = open(w.path("plan.yaml"), encoding="utf-8").read()
        w.write("plan.yaml", text.replace("polarity: higher", "polarity: upward"))
        line = text[:text.index("polarity")].count("\n") + 1
        holds(doctor(w, 1), [("fail", "settings", "/plan.yaml", f"line {line}: ", f"editor +{line} {w.path('plan.yaml')}")])


def test_without_a_daemon_the_doctor_says_so_and_looks_at_the_rest(build):
    with Instance(build) as w:
        holds(doctor(w, 3), [("fail", "daemon", "/waitlistd.yaml", "it does not answer", "systemctl start waitlistd")])
        text = open(w.path("waitlistd.yaml"), encoding="utf-8").read()
        w.write("waitlistd.yaml", text.replace("{mode: embedded}", "{mode: embedded, server_binary: /no/redis-server}"))
        holds(doctor(w, 3), [("fail", "redis-program", "/no/redis-server", "is not installed", "apt-get install redis-server")])
        w.write("waitlistd.yaml", text.replace("{mode: embedded}", "{mode: server, socket: /no/redis.sock}"))
        holds(doctor(w, 3), [("fail", "redis", "/no/redis.sock", "does not answer", "systemctl start redis-server")])
        w.write("waitlistd.yaml", text.replace("{mode: embedded}", f"{{mode: server, socket: {w.path('redis.sock')}}}"))
        with OldRedis(w.folder):
            holds(doctor(w, 3), [("fail", "redis-version", "/redis.sock", "version 6: ", "apt-get install redis-server"),
                                 ("fail", "redis-disk", "/redis.sock", "last write", "CONFIG GET dir"),
                                 ("warn", "redis-memory", "/redis.sock", "are used", "CONFIG SET maxmemory 0"),
                                 ("warn", "redis-setting", "appendonly", "cannot be asked for", "ACL SETUSER"),
                                 ("fail", "clock", "/redis.sock", "seconds ahead of", "timedatectl set-ntp true")])
        w.write("waitlistd.yaml", text.replace("receivers:", "receiverss:"))
        holds(doctor(w, 78), [("fail", "settings", "/waitlistd.yaml", "receiverss", f"{w.path('waitlistd.yaml')}")])
        plain = w.ctl_raw("doctor", output="table")
        assert plain.returncode == 78 and "\n      mend: systemctl start waitlistd\n" in plain.stdout, plain.stdout
        rows = w.ctl_raw("doctor", output="csv").stdout.splitlines()
        assert rows[0] == ",".join(KEYS) and len(rows) > 1, rows


if __name__ == "__main__":
    run_tests(globals())
