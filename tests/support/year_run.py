"""year_run - the real daemon lives through a generated year, and what its receivers were told is counted

    with YearRun(build, Year(4)) as run:
        run.live()          # 365 local dates on a moved clock, a mail server and a webhook server at its end
        run.told            # every item that a message to a person or the hook told: Told(…)

What is counted is what the servers took, by delivery id; the daemon is asked only when a day is done.
"""
import collections
import datetime
import email
import email.policy
import functools
import json
import os
import random
import re
import socket
import time

from faults import WallClock
from hook import SECRET
from http_server import HttpServer
from smtp_server import SmtpServer
from waitlist import Instance, ROOT, wait_for
from year import DAY, FIRST, LAST, PLACES

RECEIVERS = """\
  - {{id: mail, kind: email, to: nobody@example.nhs.uk, smtp: "smtp://127.0.0.1:{smtp}", from: monitor@example.nhs.uk, tls: "off", rate: 600}}
  - {{id: ops, kind: email, to: ops@example.nhs.uk, smtp: "smtp://127.0.0.1:{smtp}", from: monitor@example.nhs.uk, tls: "off", rate: 600}}
  - {{id: hook, kind: webhook, url: "http://127.0.0.1:{hook}/x", secret_file: hook.secret, allow_private: true}}
"""
MORNING, NOON = 8, 10  # UTC: when a day is first looked at, and when its files come
# What begins the line that names a measure in a mail, of an alert that is over; and of one that is open.
OVER = re.compile(r"Back on plan|no longer|Corrected|Closed|Withdrawn", re.I)

RULES = (("orecast", "forecast"), ("pecial cause", "special-cause"), ("guard", "guard"))

ENDED = ("cleared", "corrected", "withdrawn")

Message = collections.namedtuple("Message", "at day who id subject text")
Told = collections.namedtuple("Told", "at day who id measure rule news said")

def rule_of(word):
    return next((rule for sign, rule in RULES if sign in word), "behind-plan")


class YearRun:
    def __init__(self, build, year):
        self.year, self.smtp, self.hook = year, SmtpServer(), HttpServer()
        self.w = Instance(build, settings=year.settings(RECEIVERS.format(smtp=self.smtp.port, hook=self.hook.port)),
                          plan_text=year.plan("dudley"))
        os.unlink(self.w.path("plan.yaml"))
        self.w.write("hook.secret", SECRET + "\n")
        self.w.write("people.yaml", year.people())
        with open(os.path.join(ROOT, "config", "places.yaml"), encoding="utf-8") as f:
            self.w.write("places.yaml", f.read())
        for place in PLACES:
            self.w.write(f"{place}.yaml", year.plan(place))
        self.clock = WallClock(self.w, self._at(min(year.arrivals), MORNING))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.w.close()
        self.smtp.close()
        self.hook.close()

    @staticmethod
    def _at(day, hour):
        return datetime.datetime(day.year, day.month, day.day, hour, 30, tzinfo=datetime.timezone.utc)

    # ---- living through it -------------------------------------------------------------------------
    def start(self):
        self.w.start(None, env=self.clock.env())

    def _answer(self, command, **more):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.w.path("state", "control.sock"))
            s.sendall(json.dumps({"command": command, **more}).encode() + b"\n")
            with s.makefile("rb") as f:
                return json.loads(f.readline())

    def ask(self, command, **more):
        answer = self._answer(command, **more)
        assert answer["ok"], (command, answer)
        return answer["result"]

    def _is_done(self):
        """Today is judged, and nothing is due."""
        answer = self._answer("outbox-ls")
        return answer["ok"] and not answer["result"]

    def settle(self, day):
        """Everything that came was judged on this day, and all that is due has left."""
        wait_for(lambda: not any(self.w.inbox(f) for f in self.year.feeds), f"the files of {day} to be taken", 60, 0.02)
        wait_for(self._is_done, f"the messages of {day} to leave", 60, 0.02)
        assert self.ask("status")["today"] == str(day), day

    def days(self):
        """The days on which something came before the plan begins, then each day."""
        return sorted(d for d in self.year.arrivals if d < FIRST) + [FIRST + DAY * n for n in range((LAST - FIRST).days + 1)]

    def live_day(self, day, strike=None):
        """strike: seconds after which the daemon is killed once, at the day's first file or else its beginning."""
        files = self.year.arrivals.get(day, [])
        self.clock.set(self._at(day, MORNING))
        self._strike(strike if not files else None)
        self.settle(day)
        if files:
            self.clock.set(self._at(day, NOON))
        for n, (feed, name, text) in enumerate(files):
            self.w.put(name, text, feed=feed)  # as they came, one after the other
            self._strike(strike if n == 0 else None)
            self.settle(day)
        for when, feed in self.year.refusals:
            if when == day:
                self.refuse(feed)
                self.settle(day)

    def _strike(self, after):
        if after is not None:
            time.sleep(after)  # a moment drawn by chance: whatever it is in the middle of, the counts are the same
            self.w.kill()
            self.start()

    def refuse(self, feed):
        """What somebody at the desk does with files that were held."""
        for f in self.ask("feeds"):
            for waiting in f["waits"] if f["id"] == feed else []:
                self.ask("feed-refuse", file=str(waiting["receipt"]), why="a part of it is missing")

    def live(self, until=LAST, strikes=0):
        """strikes: how often the daemon is killed, on days and at moments that the seed chooses."""
        rng, days = random.Random(f"strikes {self.year.seed}"), [d for d in self.days() if d <= until]
        struck = {day: rng.uniform(0, 0.1) for day in rng.sample(days, strikes)}
        self.start()
        for day in days:
            self.live_day(day, struck.get(day))
        self.w.stop()

    # ---- what the servers took ---------------------------------------------------------------------
    @functools.cached_property
    def mails(self):
        """One a delivery id and person, as its day has it; a repeat under its id is counted by repeats()."""
        out = {}
        for _, to, raw, _ in self.smtp.mails:
            m = email.message_from_bytes(raw, policy=email.policy.default)
            id = str(m["Message-ID"])
            for line in to:
                who = re.search(r"<([^@>]*)", line.decode())[1]
                out[id, who] = Message(m["Date"].datetime, m["Date"].datetime.date(), who, id, str(m["Subject"]), m.get_body(("plain",)).get_content())
        return list(out.values())

    @functools.cached_property
    def events(self):
        return list({r.headers["webhook-id"]: json.loads(r.body) for r in self.hook.requests}.values())

    def repeats(self):
        """Deliveries that a server took more than once, and notices told to the hook in two of them."""
        ids = collections.Counter(str(email.message_from_bytes(raw)["Message-ID"]) for _, _, raw, _ in self.smtp.mails)
        ids.update(r.headers["webhook-id"] for r in self.hook.requests)
        notices = collections.Counter(i["notice_id"] for e in self.events for i in e["data"].get("items", []))
        return [k for c in (ids, notices) for k, n in c.items() if n > 1]

    def deliveries(self):
        """(day, delivery id, to whom) of everything that was taken."""
        events = [(datetime.date.fromisoformat(e["time"][:10]), e["id"], "hook") for e in self.events]
        return {(m.day, m.id, m.who) for m in self.mails} | set(events)

    @functools.cached_property
    def told_hook(self):
        out = []
        for e in self.events:
            at = datetime.datetime.fromisoformat(e["time"].replace("Z", "+00:00"))
            for i in e["data"].get("items", []):
                out.append(Told(at, at.date(), "hook", e["id"], i["measure"], i["rule"], i["news"], i["notice_id"]))
        return out

    @functools.cached_property
    def told_people(self):
        """Of the mails' plain text: each line that ends with a measure's title, and what stands before it; of what has
        no such line, its row of the table."""
        titles, out = {}, []
        for m in self.year.measures.values():
            titles.setdefault(m.title, m)
        for mail in self.mails:
            lines, rows = [line.partition(": ")[::2] for line in mail.text.splitlines()], []
            for line in mail.text.splitlines():
                news, _, rest = line.partition(" | ")
                state, _, title = rest.partition(" | ")[0].rpartition(": ")
                rows += [(state or ("Back on plan" if news == "Cleared" else news), title)]
            told = [(word, title) for word, title in lines if title in titles]
            said = {(title, rule_of(word)) for word, title in told}
            told += [(word, title) for word, title in rows if title in titles and (title, rule_of(word)) not in said]
            for word, title in told:
                rule = rule_of(word)
                news = "cleared" if OVER.search(word) else "open"
                out.append(Told(mail.at, mail.day, mail.who, mail.id, titles[title].id, rule, news, word))
        return out

    # ---- counts ------------------------------------------------------------------------------------
    def weeks(self):
        """(person, ISO year and week) -> mails."""
        return collections.Counter((m.who, m.day.isocalendar()[:2]) for m in self.mails)

    def second_mails(self):
        """Mails that a person got on a day on which one had come, and of which nothing turned red."""
        days = collections.defaultdict(list)
        for m in sorted(self.mails):
            days[m.who, m.day].append(m)
        return [m for (who, _), mails in days.items() if who != "ops" for m in mails[1:] if not self.turns_red(m)]

    def turns_red(self, mail):
        """Whether it tells of what the hook was told on that day as red that was not, or was for somebody else."""
        items = [i for e in self.events if e["time"][:10] == str(mail.day) for i in e["data"].get("items", [])]
        return any(i["title"] in mail.text for i in items if i["severity"] == "red" and i["news"] in ("new", "worse", "escalated"))

    @functools.cached_property
    def holidays(self):
        with open(os.path.join(ROOT, "config", "bank-holidays.yaml"), encoding="utf-8") as f:
            return set(re.findall(r"\d{4}-\d\d-\d\d", f.read()))

    def is_working(self, day):
        return day.weekday() < 5 and str(day) not in self.holidays

    @staticmethod
    def is_all_clear(t):
        return t.measure is not None and t.rule == "behind-plan" and t.news in ("cleared", "corrected") and \
            (t.who == "hook" or t.said.startswith("Back on plan"))

    def false_all_clears(self):
        """What was told as over while by all that had come it was behind, or nobody knew."""
        out = []
        for t in filter(self.is_all_clear, self.told_hook + self.told_people):
            state, figure = self.year.known(t.day, t.measure, t.day if t.at.hour >= NOON else t.day - DAY)
            if state != "fine":
                out.append((t, state, figure and (figure.came, figure.period_end, figure.value)))
        return out

    @staticmethod
    def is_open(told, measure, by, rules=("behind-plan", "forecast")):
        """Whether the last that was told of a measure by the end of a day, by one of the rules, was that it is so."""
        last = {t.rule: t.news for t in told if t.measure == measure and t.day <= by}
        return any(last.get(r, "cleared") not in ENDED for r in rules)

    def digests(self):
        """The digests of a week, as people got them."""
        return [m for m in self.mails if "Weekly digest" in m.subject]

    def false_digests(self):
        """Those that say that all is clear while by all that had come a measure of theirs was behind, or nobody knew."""
        out = []
        for mail in self.digests():
            came = mail.day if mail.at.hour >= NOON else mail.day - DAY
            rows = {line.partition(" | ")[0] for line in mail.text.splitlines() if line.count(" | ") == 6}
            about = [m for m in self.year.measures.values() if m.title in rows]
            assert about, mail.text
            states = {m.id: self.year.known(mail.day, m.id, came)[0] for m in about}
            if "all clear" in (mail.subject + mail.text).lower() and set(states.values()) != {"fine"}:
                out.append((mail, states))
        return out

    def breaches(self):
        """(measure, day): the day on which what had arrived first showed it behind, for as many periods as the plan asks."""
        out = []
        for m in self.year.measures.values():
            was = False
            for day in sorted({f.came for f in m.figures if f.came >= FIRST}):
                newest = m.figures_by(day)[-m.periods_behind:]
                lines = [m.line(f.period_end) for f in newest]
                now = len(newest) == m.periods_behind and all(
                    f.value is not None and line is not None and m.is_worse(f.value, line) for f, line in zip(newest, lines))
                if now and not was:
                    out.append((m.id, day))
                was = now
        return out

    def waits_until_told(self, told):
        """(days, measure, day) of each breach; None: never."""
        out = []
        for measure, day in self.breaches():
            later = [t.day for t in told if t.measure == measure and t.day >= day and t.rule == "behind-plan" and t.news not in ENDED]
            is_open = self.is_open(told, measure, day, ("behind-plan",))
            out.append((0 if is_open else (min(later) - day).days if later else None, measure, day))
        return out

    def warned(self, told):
        """(measure, milestone, whether it was missed, whether four weeks before its owner knew that it would be, or is,
        behind)."""
        return [(id, day, missed, self.is_open(told, id, day - DAY * 28)) for id, day, missed in self.year.milestones()]
