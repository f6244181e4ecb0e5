"""invariants - what must hold after every fault: I1 to I5 of RELIABILITY section 1

    with watched(build) as story:                       # an Instance with a spool and a webhook
        story.put("a.csv", "2024-04", 6)                # a canary lies in every file
        story.w.start("2024-06-10")
        … the fault, and its end …
        story.check()                                   # at="2024-06-10" when the daemon does not run

check() waits until the daemon is ready again without a person (I5), then compares with a plain reference:
each acknowledged file is in the archive and took effect once (I1); what the reference derives was told to each
receiver (I2), once, but for `repeats` copies under the same id (I3); no canary came out anywhere (I4). The
reference folds the values in order of receipt and knows one measure, cyp-4w of waitlist.measure(): it has
nothing in common with the daemon but the plan's lines. It holds for red and green values; each file put is
taken to be judged before the next comes (as the canonical run does), else give told=… yourself.

For tests with receivers of their own: Witness(instance, hook=HttpServer, smtp=SmtpServer), each part optional.
"""
import contextlib
import email
import email.policy
import hashlib
import json
import os
import random

from hook import HOOK_RECEIVER, SECRET
from http_server import Answer, HttpServer
from redis import on_server
from waitlist import Instance, plan, three, wait_for

LINES = (("2024-04-30", 20), ("2025-03-31", 60))  # expect: of waitlist.measure()
TOLERANCE = 5
MEASURE = "cyp-4w"
DAY = "2024-06-10"  # a Monday; the file of April has come, that of May is not yet due
QUESTIONS = (("status",), ("health",), ("feeds",), ("measures",), ("measure", MEASURE), ("alerts",),
             ("explain", MEASURE), ("explain", "no-such-thing"), ("audit",), ("outbox", "ls"))


# ---- canaries ------------------------------------------------------------------------------------------
def nhs_number(chance):
    """A number of the 999 range, which is never issued, with its check digit."""
    while True:
        digits = "999" + "".join(chance.choice("0123456789") for _ in range(6))
        check = 11 - sum(int(d) * (10 - n) for n, d in enumerate(digits)) % 11
        if check != 10:
            return digits + str(check % 11)


class Canary:
    """One invented person, in columns that no format maps."""

    def __init__(self, seed=0):
        chance = random.Random(f"canary {seed}")
        self.number = nhs_number(chance)
        self.surname = "Q" + "".join(chance.choice("bdfgkzxv") + chance.choice("aiou") for _ in range(5))
        self.postcode = f"ZZ9{chance.randrange(10)} {chance.randrange(10)}QX"
        self.needles = [n.encode() for n in (
            self.number, f"{self.number[:3]} {self.number[3:6]} {self.number[6:]}", self.surname,
            self.postcode, self.postcode.replace(" ", ""))]

    def plant(self, csv):
        """The file with three more columns, filled in its first row: not half of the rows, so no incident."""
        header, first, *rest = csv.splitlines()
        lines = [header + ",CONTACT_NUMBER,CONTACT_NAME,CONTACT_POSTCODE",
                 f"{first},{self.number},{self.surname},{self.postcode}", *(line + ",,," for line in rest)]
        return "\n".join(lines) + "\n"

    def found_in(self, data):
        folded = data.lower()
        return [n.decode() for n in self.needles if n.lower() in folded]


def readable(data):
    """The bytes of a mail, and its parts decoded."""
    parts = [data]
    for part in email.message_from_bytes(data, policy=email.policy.default).walk():
        if not part.is_multipart():
            parts.append(part.get_payload(decode=True) or b"")
    return b"\n".join(parts)


# ---- the plain reference -------------------------------------------------------------------------------
def severity(period_end, value):
    line = [v for end, v in LINES if end <= period_end]
    if not line or value >= line[-1]:
        return None
    return "amber" if value >= line[-1] - TOLERANCE else "red"


def episodes(periods):
    """[(opening period, severity, is open)] of {period end: value}, with for: 1 and clear_for: 1."""
    out = []
    for end in sorted(periods):
        now = severity(end, periods[end])
        if now and out and out[-1][2]:
            out[-1] = (out[-1][0], now, True)
        elif now:
            out.append((end, now, True))
        elif out:
            out[-1] = (*out[-1][:2], False)
    return out


class Witness:
    """What was put into an instance, and what must hold of it."""

    def __init__(self, w, hook=None, smtp=None, server=None, canary=None):
        self.w, self.hook, self.smtp, self.server = w, hook, smtp, server
        self.canary = canary or Canary()
        self.files = []  # (content, period end, value) in order of receipt

    def put(self, name, month, value, keep=True):
        """A file that brings one period. keep=False: it is not to take effect (a duplicate, a refused one)."""
        content = self.canary.plant(three(value, month)).encode()
        if keep:
            self.files.append((content, content.split(b"\n")[1].split(b",")[1], value))
        self.w.put(name, content)

    # ---- the reference ---------------------------------------------------------------------------
    def versions(self):
        """{period end: values in order of receipt}"""
        out = {}
        for _, end, value in self.files:
            out.setdefault("-".join(reversed(end.decode().split("/"))), []).append(value)
        return out

    def derived(self):
        """The states told one after the other: [(opening period, "FIRING" or "RESOLVED")]."""
        told, periods, before = [], {}, []
        for _, end, value in self.files:
            periods["-".join(reversed(end.decode().split("/")))] = value
            now = episodes(periods)
            if len(now) > len(before):
                told.append((now[-1][0], "FIRING"))
            if now and not now[-1][2] and (len(now) > len(before) or before[-1][2]):
                told.append((now[-1][0], "RESOLVED"))
            told += [(was[0], "RETRACTED") for was in before if was[0] not in [e[0] for e in now]]
            before = now
        return told

    # ---- what came out ---------------------------------------------------------------------------
    def deliveries(self):
        """{receiver: [(delivery id, event)]} in order, a repeated delivery once; what was refused is none."""
        out = {"spool": [(m.delivery_id, self.w.events().get(m.delivery_id)) for m in self.w.mails()]}
        if self.hook:
            seen = {}
            for r in self.hook.requests:
                if not r.is_refused:
                    seen.setdefault(r.headers["webhook-id"], json.loads(r.body))
            out["hook"] = list(seen.items())
        return out

    def told(self, receiver):
        """[(since, state)] of what a receiver was told about the measure."""
        return [(item["since"], item["state"]) for _, event in self.deliveries()[receiver]
                for item in event["data"].get("items", []) if item["rule"] == "behind-plan"]

    def outputs(self):
        """(where, bytes) of everything that leaves the archive."""
        for folder in ("spool", "state/journal", "state/redis"):
            for at, _, names in os.walk(self.w.path(folder)):
                for name in names:
                    path = os.path.join(at, name)
                    if not os.path.isfile(path):
                        continue  # a socket, or renamed away meanwhile
                    with contextlib.suppress(FileNotFoundError), open(path, "rb") as f:
                        data = f.read()
                        yield os.path.join(folder, name), readable(data) if name.endswith(".eml") else data
        yield "log", self.w.log().encode()
        for r in self.hook.requests if self.hook else ():
            yield "webhook", repr(r.headers).encode() + r.body
        for _, _, mail, _ in self.smtp.mails if self.smtp else ():
            yield "mail", readable(mail)
        for question in QUESTIONS:
            for kind in ("json", "table"):
                said = self.w.ctl_raw(*question, output=kind)
                yield "waitlistctl " + " ".join(question), (said.stdout + said.stderr).encode()
        yield "Redis", self.redis_dump()

    def redis_dump(self):
        cli = (lambda *c: self.server.say(*c).splitlines()) if self.server else self.w.redis
        read = {"hash": ("HGETALL",), "set": ("SMEMBERS",), "zset": ("ZRANGE", "0", "-1"), "string": ("GET",),
                "stream": ("XRANGE", "-", "+"), "list": ("LRANGE", "0", "-1")}
        out = []
        for key in cli("--scan", "--pattern", "wl:*"):
            command, *more = read.get(cli("TYPE", key)[0], ("TYPE",))
            out += [key, *cli(command, key, *more)]
        return "\n".join(out).encode()

    # ---- the invariants --------------------------------------------------------------------------
    def is_settled(self, health, told, missing):
        """Ready, nothing in the inbox, nothing due, the newest figures judged and told."""
        if self.w.ctl_raw("health").returncode > health:
            return False
        status = self.w.ctl_raw("status")
        if status.returncode:
            return False
        status = json.loads(status.stdout)
        if not status["ready"] or status["redis"] != "ready" or status["messages_due"] or self.w.inbox():
            return False
        if not self.files:
            return True
        wanted = [(end, values[-1]) for end, values in sorted(self.versions().items())]
        history = self.w.ctl_raw("measure", MEASURE)
        return history.returncode == 0 and wanted == [
            (p["period_end"], v["value"]) for p in json.loads(history.stdout)["history"]
            for v in p["versions"] if v["current"]] and \
            all(len(self.told(r)) >= len(told) for r in self.deliveries() if r not in missing)

    def is_ready_again(self, seconds=60, health=0, told=None, missing=()):
        """I5. Also for a pause between two steps of a test: all that was put is judged and told."""
        told = self.derived() if told is None else told
        try:
            wait_for(lambda: self.is_settled(health, told, missing), "the daemon to be ready again", seconds)
        except AssertionError as late:
            said = [self.w.ctl_raw(*q).stdout for q in (("status",), ("measures",))]
            raise AssertionError(f"I5: {late}; told {[self.told(r) for r in self.deliveries()]} of {told}; "
                                 f"inbox {self.w.inbox()}; {said}; {self.w.log()[-1500:]}") from None

    def archive_is_whole(self):
        for at, _, names in os.walk(self.w.path("state", "archive")):
            for name in names:
                with open(os.path.join(at, name), "rb") as f:
                    assert hashlib.sha256(f.read()).hexdigest() == name, f"I1: archive file {name} is not whole"

    def received(self):
        with open(self.w.path("state", "journal", "received"), encoding="utf-8") as f:
            return [json.loads(line.split(" ", 2)[2]) for line in f]

    def took_effect_once(self):
        """I1"""
        self.archive_is_whole()
        accepted = [r["sha256"] for r in self.received() if r["outcome"] == "accepted"]
        for content, end, _ in self.files:
            sha = hashlib.sha256(content).hexdigest()
            assert sha in accepted, f"I1: the file of {end} left the inbox and is not in the journal"
            assert os.path.exists(self.w.path("state", "archive", sha[:2], sha)), f"I1: the file of {end} is lost"
        history = {p["period_end"]: sorted(v["value"] for v in p["versions"])
                   for p in self.w.ctl("measure", MEASURE)["history"]}
        assert history == {end: sorted(v) for end, v in self.versions().items()}, f"I1: {history}"

    def all_was_told(self, told, missing=()):
        """I2: the open alert is the reference's, and each receiver knows all of it."""
        want = episodes({end: v[-1] for end, v in self.versions().items()})
        alerts = [a for a in self.w.alerts("behind-plan") if a["state"] in ("FIRING", "RECOVERING")]
        if want and want[-1][2]:
            assert [(a["since"], a["severity"]) for a in alerts] == [want[-1][:2]], f"I2: {alerts}, not {want[-1]}"
        else:
            assert not alerts, f"I2: {alerts} is open, and no value says so"
        for receiver in self.deliveries():
            if receiver not in missing:
                assert self.told(receiver) == told, f"I2: {receiver} was told {self.told(receiver)}, not {told}"

    def none_was_told_twice(self, repeats, frozen=True):
        """I3"""
        for receiver, deliveries in self.deliveries().items():
            notices = [item["notice_id"] for _, event in deliveries
                       for item in event["data"].get("items", [])]
            assert len(notices) == len(set(notices)), f"I3: {receiver} was told a notice in two messages"
        if self.hook:
            bodies = {}
            for r in self.hook.requests:
                bodies.setdefault(r.headers["webhook-id"], []).append(r.body)
            extra = sum(len(b) - 1 for b in bodies.values())
            assert extra <= repeats, f"I3: {extra} copies, {repeats} allowed"
            assert not frozen or all(len(set(b)) == 1 for b in bodies.values()), "I3: other bytes under the same id"

    def nobody_is_named(self):
        """I4"""
        for where, data in self.outputs():
            found = self.canary.found_in(data)
            assert not found, f"I4: {where} holds a canary ({len(found)})"

    def check(self, at=None, repeats=0, told=None, missing=(), seconds=60, health=0, frozen=True):
        """at: the day of the start when it does not run; repeats: copies that the fault allows; missing:
        receivers that cannot know; frozen: False where the frozen bytes themselves were lost."""
        told = self.derived() if told is None else told
        if self.w.process is None:
            self.w.start(at or DAY)
        self.is_ready_again(seconds, health, told, missing)
        self.took_effect_once()
        self.all_was_told(told, missing)
        self.none_was_told_twice(repeats, frozen)
        self.nobody_is_named()


@contextlib.contextmanager
def watched(build, server=None, answers=(200,), redis="", **options):
    """A Witness of an Instance with a spool and a webhook. server: a Redis of the test's own (support/redis.py);
    answers: of the webhook, status codes or Answers; redis: further keys of `redis:`."""
    with HttpServer([a if isinstance(a, Answer) else Answer(a) for a in answers]) as hook:
        # The reference tells of figures: what stays red is not said again after days, which a clock may jump over.
        options = {"plan_text": plan(receivers="spool, hook"), "receivers": HOOK_RECEIVER.format(port=hook.port),
                   **options, "extra": "reminders: []\n" + options.get("extra", "")}
        with on_server(build, server, redis, **options) if server else Instance(build, **options) as w:
            w.write("hook.secret", SECRET + "\n")
            yield Witness(w, hook=hook, server=server)
