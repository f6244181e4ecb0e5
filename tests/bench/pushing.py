"""pushing - events that are posted: how soon a webhook hears of one, and what a pathway with events takes in Redis"""
import datetime
import os
import socket
import statistics
import threading
import time

from hook import HOOK_RECEIVER, SECRET
from instances import LONGEST_S, Daemon
from listening import Listening
from lists import EVENT_COLUMNS, MEASURE, PLAN, events
from push import TOKEN, connect, head, hear, post_headers
from waitlist import wait_for

AT = "2026-06-30"
PROVIDERS = [f"Z{a}{b}" for a in "ABCDE" for b in "ABCDEFGH"]
FEED = ("  - {{id: events, kind: events, into: cyp, format: pathway-events, {how}, cadence: weekly, grace: 400d,"
        " providers: []}}\n")
PATH = "/v1/feeds/events"
BYTES_A_PATHWAY_MOST = 120
SYNCS, REST_MS = 6, 1.0


class Receiver(Listening):
    """Notes the moment at which the first byte of each request came; connections are kept."""

    def __init__(self):
        self.moments, self.heard = [], threading.Condition()
        self.listen(socket.create_server(("127.0.0.1", 0)))

    def serve(self, s):
        kept = b""
        while True:
            first = None
            while b"\r\n\r\n" not in kept:
                chunk = s.recv(65536)
                first = first or time.monotonic()
                if not chunk:
                    return
                kept += chunk
            fields, _, kept = kept.partition(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in fields.split(b"\r\n")
                          if line.lower().startswith(b"content-length"))
            while len(kept) < length:
                kept += s.recv(65536)
            kept = kept[length:]
            with self.heard:
                self.moments.append(first)
                self.heard.notify()
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def wait(self, count, seconds=60):
        with self.heard:
            assert self.heard.wait_for(lambda: len(self.moments) >= count, seconds), f"no {count}. request"
        return self.moments[count - 1]


def sync_ms(path):
    """One fdatasync of a file that grew by 4 KiB, as a journal does."""
    with open(path, "ab", buffering=0) as f:
        f.write(b"x" * 4096)
        began = time.monotonic()
        os.fdatasync(f.fileno())
        return (time.monotonic() - began) * 1000


def sync_in_place_ms(path):
    """The same of bytes that stood there before: printed beside it."""
    if not os.path.exists(path):
        with open(path, "wb") as f:
            f.write(b"x" * (1 << 16))
            os.fsync(f.fileno())
    with open(path, "r+b", buffering=0) as f:
        f.write(b"y" * 4096)
        began = time.monotonic()
        os.fdatasync(f.fileno())
        return (time.monotonic() - began) * 1000


def listening(build, port):
    """A daemon that is posted events of many providers, each with a measure that its second pathway turns red."""
    measures = [MEASURE.format(id=f"open-{p.lower()}", title=p, metric="open", select=f", provider: {p}", polarity="lower",
                               target="{at_most: 1}", more="    period: day\n") for p in PROVIDERS]
    d = Daemon(build, feeds=FEED.format(how="transport: push, token_file: push.token"),
               plan_text=PLAN.format(measures="".join(measures)).replace("[spool]", "[hook]"),
               receivers=HOOK_RECEIVER.format(port=port),
               extra="http: {listen: \"127.0.0.1:0\"}\n"
                     f"lists:\n  - {{id: cyp, service: neurodevelopmental, providers: [{', '.join(PROVIDERS)}]}}\n")
    d.write("push.token", TOKEN + "\n")
    d.write("hook.secret", SECRET + "\n")
    for part in range(256):  # those of an archive that has been in use: each is made once
        os.makedirs(d.path("state", "archive", f"{part:02x}"), mode=0o700)
    return d


def rows(*of):
    return events(*of).replace(",mental-health,", ",neurodevelopmental,").encode()


def post(d, body):
    """Returns the moment at which the first byte went off."""
    with connect(d) as s:
        request = head(post_headers(body), path=PATH) + body
        began = time.monotonic()
        s.sendall(request)
        answer = hear(s)
    assert answer.startswith(b"HTTP/1.1 20"), answer[:400]
    return began


def to_webhook(report, build):
    """Goal 11: one event turns a measure red; idle but for that."""
    receiver = Receiver()
    waits, syncs, in_place = [], [], []
    with listening(build, receiver.port) as d:
        d.start(AT)
        # Everyone has one pathway since yesterday.
        post(d, rows(*[(f"A{p}", "referral", "2026-06-28", 1, "", "", p) for p in PROVIDERS]))
        wait_for(lambda: all(m["value"] == 1 for m in d.ask("measures")), "the first pathways")
        for n, p in enumerate(PROVIDERS):
            d.wait_idle()
            syncs += [sync_ms(d.path("state", "synced")) for _ in range(5)]
            in_place += [sync_in_place_ms(d.path("state", "in-place")) for _ in range(2)]
            heard = len(receiver.moments)
            began = post(d, rows((f"B{p}", "referral", "2026-06-29", 1, "", "", p)))
            waits.append((receiver.wait(heard + 1) - began) * 1000)
            if n == 0:
                wait_for(lambda: d.ask("measure", id=f"open-{p.lower()}")["rag"] == "red", "its finding")
    receiver.close()
    sync, wait = statistics.median(syncs), statistics.median(waits)
    report.say("push-to-webhook", f"at most {REST_MS:g} ms + {SYNCS} x the median fdatasync", wait <= REST_MS + SYNCS * sync,
               ratio=round((wait - REST_MS) / sync, 2), median_ms=round(wait, 3), fdatasync_ms=round(sync, 3),
               fdatasync_in_place_ms=round(statistics.median(in_place), 3),
               samples={"ms": [round(w, 3) for w in waits], "fdatasync_ms": [round(s, 3) for s in syncs]},
               command="POST of one event to /v1/feeds/ID until the first byte at the webhook")


def many_events(count):
    """Pathways with a referral, an assessment and half of them a diagnosis."""
    lines, first = [",".join(EVENT_COLUMNS)], datetime.date(2026, 1, 1)
    for i in range(count):
        for n, name in enumerate(("referral", "assessment-start", "diagnosis")[:2 + i % 2]):
            day = first + datetime.timedelta(i % 100 + 20 * n)
            lines.append(f"A{i},TAJ,neurodevelopmental,{PROVIDERS[i % len(PROVIDERS)]},QUA,{name},{day},1,,")
    return "\n".join(lines) + "\n"


def redis_bytes(report, build, pathways=200_000):
    """Goal 8, of a list that events feed."""
    measure = MEASURE.format(id="open", title="open", metric="open", select="", polarity="lower",
                             target="{at_most: 100000000}", more="    period: month\n")
    with Daemon(build, feeds=FEED.format(how="inbox: ./inbox/events"), plan_text=PLAN.format(measures=measure),
                extra=f"lists:\n  - {{id: cyp, service: neurodevelopmental, providers: [{', '.join(PROVIDERS)}]}}\n") as d:
        d.start(AT)
        before = d.redis_bytes()
        os.makedirs(d.path("inbox", "events"), exist_ok=True)
        d.offer(d.write("events.csv", many_events(pathways)), feed="events")
        wait_for(lambda: d.outcome("events").startswith("accepted"), "the events", LONGEST_S)
        after = d.redis_bytes()
        stored = sum(p["pathways"] for f in d.ask("feeds") for p in f["list"]["parts"])
    assert stored == pathways, stored
    each = round((after - before) / pathways, 2)
    report.say("redis-bytes-a-pathway-events", f"at most {BYTES_A_PATHWAY_MOST}", each <= BYTES_A_PATHWAY_MOST, ratio=each,
               pathways=pathways, samples={"before": before, "after": after},
               command="INFO memory: used_memory before and after, by pathways with 2 or 3 events")
