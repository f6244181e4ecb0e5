"""canonical - the run that every sweep disturbs and whose end must always be the same

Three feeds, two mail recipients over SMTP, a webhook and a spool; in five `--once --at` steps: measures fall
behind (raise), figures are restated, one is corrected (it never was behind), worse months arrive, all is
well again (resolve). What days alone make due (reminders) is off: a file that a fault delays would bring one.
Its end is a digest: archive, journals, everything in Redis, and what each receiver got.

    with Canonical(build) as c:
        c.count()                                    # runs it undisturbed; c.steps[k].counts, .end, .told
        c.disturbed(k, ["kill redis 17"])            # step k with a rule, then on to the end, which must be that

Before each step the state folder, Redis and the messages got so far are kept, so that a disturbed run begins
at its step. Redis is a server of the tests' own (fast), or with embedded=True the daemon's own.
"""
import datetime
import email
import email.policy
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import time

from http_server import HttpServer
from redis import Server
from redis_client import RedisClient
from seam import Seam, named
from smtp_server import SmtpServer
from waitlist import Instance, mhsds, measure, plan, wait_for

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
FEEDS = """\
  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww,
     cadence: monthly, grace: 45d, providers: [TAJ], keep: [QUA, TAJ, England]}
  - {id: stays, kind: aggregate, format: mhsds, inbox: ./inbox/stays, cadence: monthly, grace: 45d, keep: [TAJ]}
  - {id: local, kind: aggregate, format: measures, inbox: ./inbox/local,
     cadence: monthly, grace: 45d, providers: [TAJ], keep: [TAJ]}
"""
RECEIVERS = """\
  - {{id: mail-a, kind: email, hours: all, to: a.lead@example.nhs.uk, smtp: "smtp://127.0.0.1:{smtp}",
     from: monitor@example.nhs.uk, tls: "off"}}
  - {{id: mail-b, kind: email, hours: all, to: b.lead@example.nhs.uk, smtp: "smtp://127.0.0.1:{smtp}",
     from: monitor@example.nhs.uk, tls: "off"}}
  - {{id: hook, kind: webhook, url: "http://127.0.0.1:{http}/x", secret_file: hook.secret, allow_private: true}}
  - {{id: spool, kind: spool, dir: ./spool}}
"""
SETTINGS = """\
instance: black-country
state: ./state
redis: {redis}
plans: [plan.yaml]
reminders: []
{extra}routes: {{ops: [spool], governance: [spool], fallback: [mail-b]}}
feeds:
{feeds}receivers:
{receivers}"""
LOCAL_HEADER = "source,measure,org,period_start,period_end,value\n"
LAST_DAYS = {"2024-04": 30, "2024-05": 31, "2024-06": 30, "2024-07": 31}


def local(month, **values):
    return LOCAL_HEADER + "".join(f"own,{name},TAJ,{month}-01,{month}-{LAST_DAYS[month]},{v}\n"
                                  for name, v in values.items())


def cyp(month, taj, status="Performance"):
    return mhsds(month, {("England", "MRS08b"): "18.2", ("QUA", "MRS08b"): 7, ("TAJ", "MRS08b"): taj,
                         ("TAJ", "MRS08a"): taj}, status)


def stays(month, long):
    return mhsds(month, {("TAJ", "MRS09e"): long})


MEASURES = (
    measure() +
    measure(id="cyp-all", title="All helped within 4 weeks", published="MRS08a") +
    measure(id="long-stays", title="Children waiting over a year", published="MRS09e", feed="stays",
            polarity="lower", target="{at_most: 10}", tolerance=2, expect="{2024-04-30: 20, 2025-03-31: 10}") +
    "".join(measure(id=f"own-{n}", title=f"Own figure {n}", published=f"Waits{n}", feed="local")
            .replace("breakdown: Provider, ", "") for n in (1, 2)))

# What each step puts into the inboxes, and when it runs.
STEPS = (
    ("2024-06-10", {"cyp4ww": {"april.csv": cyp("2024-04", 6)}, "stays": {"april.csv": stays("2024-04", 50)},
                    "local": {"april.csv": local("2024-04", Waits1=5, Waits2=70)}}),
    ("2024-06-12", {"cyp4ww": {"april_v2.csv": cyp("2024-04", 8)}}),
    ("2024-06-14", {"local": {"april_v2.csv": local("2024-04", Waits1=61, Waits2=3)}}),
    ("2024-07-10", {"cyp4ww": {"may.csv": cyp("2024-05", 4)}, "stays": {"may.csv": stays("2024-05", 60)}}),
    ("2024-08-09", {"cyp4ww": {"june.csv": cyp("2024-06", 80)}, "stays": {"june.csv": stays("2024-06", 1)},
                    "local": {"june.csv": local("2024-06", Waits1=62, Waits2=90)}}),
)

# Names drawn by chance, and what is reckoned from them ("journals": how far Redis saw each, with the newest link).
BY_CHANCE = {"epoch", "fence", "prev", "file", "leader", "journals"}
MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
DAY_MS = 86400000


# What Redis holds of the journals as well: the newest of the audit (and what became of Redis), the ids sent; and
# who leads, with a number for each start.
SHADOWS = (":audit", ":outbox:ids", ":fence", ":lease")


def stable(value):
    """A JSON value without what is drawn by chance; of each moment its day."""
    if isinstance(value, dict):
        return {k: stable(v) for k, v in sorted(value.items()) if k not in BY_CHANCE}
    if isinstance(value, list):
        return [stable(v) for v in value]
    if isinstance(value, int) and 1.6e12 < value < 1.9e12:
        return f"day {value // DAY_MS}"
    return MOMENT.sub(r"\1", value) if isinstance(value, str) else value


def stable_text(text):
    """JSON as its stable value; other text as it is."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if text[:1] in ("{", "["):
        try:
            return stable(json.loads(text))
        except ValueError:
            pass
    return stable(text)


def difference(expected, found, path=""):
    """Where two digests part, as text."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(set(expected) | set(found), key=str):
            if key not in expected or key not in found:
                return f"{path}/{key}: {'missing' if key not in found else 'too much: ' + str(found[key])[:300]}"
            if expected[key] != found[key]:
                return difference(expected[key], found[key], f"{path}/{key}")
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            missing = [e for e in expected if e not in found]
            extra = [f for f in found if f not in expected]
            return f"{path}: {len(found)} for {len(expected)}; missing {str(missing)[:400]}; extra {str(extra)[:400]}"
        for i, (e, f) in enumerate(zip(expected, found)):
            if e != f:
                return difference(e, f, f"{path}[{i}]")
    return f"{path}: {str(found)[:300]} for {str(expected)[:300]}"


class Message:
    """What one receiver got once: who, under which id, and every byte that stands for the content."""

    def __init__(self, receiver, id, raw):
        self.receiver, self.id, self.raw = receiver, id, raw

    def content(self):
        if self.receiver == "hook" or self.raw[:1] == b"{":
            return stable_text(self.raw)
        mail = email.message_from_bytes(self.raw, policy=email.policy.default)
        text = mail.get_body(("plain",)).get_content()
        return [str(mail["Subject"]), str(mail["To"]), re.sub(r"\b\d\d:\d\d\b", "hh:mm", text)]


class Step:
    def __init__(self, day, files):
        self.day, self.files = day, files
        self.counts, self.folder, self.redis, self.got = {}, None, None, []
        self.end = self.outcome = self.told = None  # after it, undisturbed


class Canonical:
    def __init__(self, build, embedded=False, steps=STEPS, feeds=FEEDS, plan_text=None, extra=""):
        self.build, self.embedded = build, embedded
        self.steps = [Step(day, files) for day, files in steps]
        self.smtp, self.http = SmtpServer(), HttpServer()
        self.server = None if embedded else Server()
        self.client = None if embedded else RedisClient(self.server.socket)
        redis = "{mode: embedded}" if embedded else f"{{mode: server, socket: \"{self.server.socket}\"}}"
        plan_text = plan_text or plan(MEASURES, receivers="mail-a, mail-b, hook, spool")
        self.w = Instance(build, plan_text=plan_text, settings=SETTINGS.format(
            redis=redis, feeds=feeds, extra=extra, receivers=RECEIVERS.format(smtp=self.smtp.port, http=self.http.port)))
        self.w.write("hook.secret", SECRET + "\n")
        self.feeds = sorted({feed for _, files in steps for feed in files})
        self.kept = self.w.path("kept")
        self.seam, self.log = None, ""
        self.runs, self.began = 0, time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.w.close()
        self.smtp.__exit__()
        self.http.__exit__()
        if self.server:
            self.client.close()
            self.server.close()

    # ---- state, kept and put back ----------------------------------------------------------------
    PARTS = ("state", "inbox", "spool")

    def wait_for_end(self):
        """Of the embedded Redis, which dies with the daemon."""
        if self.embedded:
            wait_for(lambda: self.w.redis_pid() is None, "the embedded Redis to end", 10)

    def keep(self, k):
        self.wait_for_end()
        step = self.steps[k]
        step.folder = os.path.join(self.kept, str(k))
        for part in self.PARTS:
            if os.path.isdir(self.w.path(part)):
                shutil.copytree(self.w.path(part), os.path.join(step.folder, part), ignore=ignore_sockets)
        step.redis = None if self.embedded else self.client.save()
        step.got = self.mailed()

    def restore(self, k):
        self.wait_for_end()
        step = self.steps[k]
        for part in self.PARTS:
            shutil.rmtree(self.w.path(part), ignore_errors=True)
            if os.path.isdir(os.path.join(step.folder, part)):
                shutil.copytree(os.path.join(step.folder, part), self.w.path(part))
        if not self.embedded:
            self.client.put_back(step.redis)
        self.smtp.mails.clear()
        self.http.requests.clear()

    # ---- running ---------------------------------------------------------------------------------
    def fill(self, k):
        for feed, files in self.steps[k].files.items():
            for name, content in files.items():
                self.w.put(name, content, feed)

    def run_step(self, k, rules=(), patience=30, is_killed=False, **seam):
        """One --once run of step k's day; its exit status. The seam counts and strikes. is_killed: a run that goes
        on after its patience is ended by kill -9, status -9, instead of a failure."""
        self.seam = Seam(self.build, self.w.folder, rules, **seam)
        self.runs += 1
        try:
            result = self.w.run("--once", "--at", self.steps[k].day, env=self.seam.env(), timeout=patience)
        except subprocess.TimeoutExpired as still:  # subprocess has killed it
            if is_killed:
                return -9
            raise AssertionError(f"step {k} did not end: {(still.stderr or b'')[-3000:].decode()}") from None
        self.log = result.stderr
        return result.returncode

    def count(self):
        """The undisturbed run: what it counts in each step, and its end."""
        for k, step in enumerate(self.steps):
            self.keep(k)
            self.fill(k)
            code = self.run_step(k)
            assert code == 0, f"step {k} exited {code}:\n{self.log[-3000:]}"
            step.counts = self.seam.counts()
            step.end, step.outcome, step.told = self.digest(), self.outcome(), self.messages()
        for id, copies in by_id(self.told).items():
            assert len(copies) == 1, f"{id} was told {len(copies)} times undisturbed"

    @property
    def told(self):
        return self.steps[-1].told

    def points(self, group):
        """(step, n) of every call of a group in the undisturbed run."""
        return [(k, n) for k, step in enumerate(self.steps) for n in range(1, step.counts[group] + 1)]

    def disturbed(self, k, rules, recovery=(), status=(-9,), **more):
        """Step k under rules, then undisturbed (the first time under the recovery's rules) to the end."""
        self.restore(k)
        self.fill(k)
        code = self.run_step(k, rules, **more)
        disturbances, struck = 1, self.seam.struck()
        assert code in status or not struck, f"exited {code}, {self.seam.crash()[:8]}:\n{self.log[-3000:]}"
        if recovery:
            self.wait_for_end()
            self.run_step(k, recovery)
            disturbances += self.seam.struck()
        self.go_on(k)
        self.check(k, disturbances)
        return struck

    def failed(self, k, rules, to=None, ends=(0, 1, 78), **more):
        """Step k with calls that fail; then undisturbed to the end, or to step `to`. A file that could not be
        taken in while the day was evaluated comes later, so what it tells is grouped otherwise: then the outcome
        alone must be the undisturbed one; so too where a disk was full, since the work goes on and the
        journals adopt later, in another order, what stands. Else the digest. Never a crash. Returns how often a rule struck."""
        self.restore(k)
        self.fill(k)
        code = self.run_step(k, rules, **more)
        struck, crash = self.seam.struck(), self.seam.crash()
        assert not is_ours(crash), f"crashed: {crash[:8]}\n{self.log[-2000:]}"
        assert code in ends or crash, f"exited {code}:\n{self.log[-3000:]}"
        is_partial = any(self.left_in_inboxes()) and self.steps[k].day in {
            r.get("evaluated") for r in self.journal("audit")}
        is_adopted = "tried again until there is room" in self.log
        struck_at = self.seam.struck_at()
        if "cannot be read by its mapping" in self.log:
            # A taken file that the disk did not give back waits for a person, as it must; who is told (test_damaged).
            assert "rule=implausible-change" in self.log, self.log[-3000:]
            return struck
        try:
            self.go_on(k, to)
            if is_partial or is_adopted:
                self.check_outcome(to)
            else:
                self.check(k, struck, to)
        except AssertionError as failure:
            raise AssertionError(f"{str(failure)[:1000]}\nstruck at {named(struck_at)}" if struck_at
                                 else str(failure)) from None
        return struck

    def last(self, to):
        return len(self.steps) - 1 if to is None else to

    def go_on(self, k, to=None):
        """From step k, which may have been done or not, to the end (or to the end of step `to`)."""
        for at in range(k, self.last(to) + 1):
            if at > k:
                self.fill(at)
            self.wait_for_end()
            code = self.run_step(at)
            assert code == 0, f"step {at} after it exited {code}:\n{self.log[-3000:]}"

    def check(self, k, disturbances, to=None):
        """The end, and what was told, are those of the undisturbed run."""
        expected, end = self.steps[self.last(to)], self.digest()
        assert end == expected.end, f"digest: {difference(expected.end, end)}"
        got = by_id(self.steps[k].got + self.messages())
        told = by_id(expected.told)
        assert set(got) == set(told), f"told: {difference(dict.fromkeys(told, 1), dict.fromkeys(got, 1))}"
        for id, copies in got.items():
            assert copies[0].content() == told[id][0].content(), difference(told[id][0].content(), copies[0].content())
            assert len({c.raw for c in copies}) == 1, f"{id}: its copies differ"
            assert len(copies) <= 1 + disturbances, f"{id} was told {len(copies)} times"

    # ---- what receivers got ----------------------------------------------------------------------
    def mailed(self):
        """What came by SMTP and HTTP since the last restore(), after what was kept then."""
        out = []
        for _, to, mail, _ in self.smtp.mails:
            id = email.message_from_bytes(mail)["Message-ID"].strip("<> ").split("@")[0]
            out.append(Message(to[0].decode().strip(), id, mail))
        return out + [Message("hook", r.headers["webhook-id"], r.body) for r in self.http.requests]

    def messages(self):
        """The spool holds each message once, under its delivery id."""
        out = self.mailed()
        for path in glob.glob(self.w.path("spool", "*.eml")):
            with open(path, "rb") as f:
                out.append(Message("spool", os.path.basename(path)[:-len(".eml")], f.read()))
        return out

    # ---- the digest ------------------------------------------------------------------------------
    def journal(self, name):
        path = self.w.path("state", "journal", name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            records = [line.rstrip("\n").split(" ", 2)[2] for line in f]
        if name == "audit":
            check_chain(records)
        return [stable_text(r) for r in records]

    def archive(self):
        out = {}
        for path in glob.glob(self.w.path("state", "archive", "**", "*"), recursive=True):
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    out[os.path.relpath(path, self.w.path("state", "archive"))] = hashlib.sha256(f.read()).hexdigest()
        return out

    def redis(self):
        """All that Redis holds: texts stable; what has no order sorted."""
        if self.embedded:
            self.wait_for_end()
            copy = self.w.path("redis-copy")
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(self.w.path("state", "redis"), copy, ignore=ignore_sockets)
            with Server(data=copy) as server, RedisClient(server.socket) as client:
                held = client.read()
        else:
            held = self.client.read()
        out = {}
        for key, (kind, content) in held.items():
            if key.endswith(SHADOWS):
                continue
            if kind == "hash":
                content = {k.decode("latin-1"): v if ":list:" in key else stable_text(v)
                           for k, v in content.items() if k.decode("latin-1") not in BY_CHANCE}
            elif kind == "stream":
                content = [{k.decode(): stable_text(v) for k, v in entry.items()} for entry in content]
            elif isinstance(content, list):
                content = [stable_text(c) if isinstance(c, bytes) else c for c in content]
            out[key] = content
        return out

    def left_in_inboxes(self):
        return [n for feed in self.feeds for n in self.w.inbox(feed)]

    def sent(self):
        """What became of each message."""
        return [s for s in self.journal("sent") if "due" not in s]

    def outcome(self):
        """What stands at the end whatever the order: receipts, figures, alerts of measures, what each was told."""
        held = self.redis()
        own = {key.rsplit(":", 1)[1]: content["state"] for key, content in held.items()
               if ":alert:" in key and content["state"]["measure"]}
        episodes = {e["id"] for a in own.values() for e in a["episodes"]}
        without_order = lambda v: {n: x for n, x in v.items() if n not in ("receipt", "edition")}
        return {
            "archive": self.archive(), "inbox": self.left_in_inboxes(),
            "received": sorted((r["feed"], r["name"], r["sha256"], r["outcome"]) for r in self.journal("received")),
            "current": {k: {p: without_order(v) for p, v in c.items()} for k, c in held.items()
                        if ":series:" in k and not k.endswith(":versions")},
            "versions": {k: sorted((e["period"], repr(without_order(e["version"]))) for e in c)
                         for k, c in held.items() if k.endswith(":versions")},
            "alerts": own,
            "waiting to be sent": sum(len(c) for k, c in held.items() if k.endswith(":outbox")),
            "told": sorted({(s["receiver"], s["recipient"], t["episode"], t["ordinal"], t["open"])
                            for s in self.sent() for t in s["tells"] if t["episode"] in episodes}),
        }

    def check_outcome(self, to=None):
        """After the next day's mail, which has what came after that of its day. Also that what came is journalled as sent."""
        day = datetime.date.fromisoformat(self.steps[self.last(to)].day) + datetime.timedelta(days=1)
        self.wait_for_end()
        after = self.w.run("--once", "--at", day.isoformat())
        assert after.returncode == 0, f"the day after exited {after.returncode}:\n{after.stderr[-3000:]}"
        expected, end = self.steps[self.last(to)].outcome, self.outcome()
        assert end == expected, f"outcome: {difference(expected, end)}"
        sent = {s["delivery_id"] for s in self.sent()}
        got = {m.id for m in self.messages()}
        assert got <= sent, f"came and is not journalled: {got - sent}"

    def digest(self):
        journals = {name: self.journal(name) for name in ("received", "sent", "audit")}
        # What became due: message by message, without its bytes, which are compared where they arrive.
        due = [{k: v for k, v in message.items() if k not in ("eml", "json")}
               for record in journals["sent"] for message in record.get("due", [])]
        journals["sent"] = sorted(self.sent() + due, key=repr)  # whatever the order of the receivers' answers
        return {"archive": self.archive(), "journals": journals, "redis": self.redis(),
                "inbox": self.left_in_inboxes()}


def check_chain(records):
    """Each audit record names the digest of the one before it."""
    for before, record in zip(records, records[1:]):
        link = hashlib.sha256(before.encode()).hexdigest()
        assert json.loads(record)["prev"] == link, f"the audit chain breaks at {record}"


def ignore_sockets(folder, names):
    return [n for n in names if n.endswith(".sock") or n == "control"]


def culprit(crash):
    """(library, function) where a crash lies: the first frame that is neither the C library's nor the seam's."""
    for _, library, function, _ in crash:
        name = os.path.basename(library)
        if not name.startswith(("libc.", "libc-", "ld-", "seam.so", "libpthread", "?")):
            return name, function
    return "", ""


def is_ours(crash):
    """hiredis ends the process when memory runs out, and other libraries may: a crash point like any kill."""
    return bool(crash) and culprit(crash)[0] in ("waitlistd", "waitlistctl", "")


def by_id(messages):
    """(receiver, delivery id) -> its copies."""
    out = {}
    for m in messages:
        out.setdefault((m.receiver, m.id), []).append(m)
    return out
