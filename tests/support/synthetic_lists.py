"""synthetic_lists - invented waiting lists of four invented places over 24 months

    python3 tests/support/synthetic_lists.py FOLDER [--seed 1] [--until 2024-09-15] [--months 24] [--scale 1]

Writes FOLDER/<feed>/*.csv in the canonical columns of pathway-snapshot and pathway-events. Nobody in
them exists: places, providers (codes that begin with Z) and children are made by a queue model and a
seed; the same seed gives the same bytes. In them, so that a watcher has something to see:

    growth           referrals grow by a sixth a year
    seasonality      schools refer: few in August and at Christmas, many in October and March
    lost capacity    the neurodevelopmental teams see half as many for a quarter
    a late provider  the one of East and West sends no list for its last two census dates
    a restatement    one census of North and South comes again, with children that it had left out
    a succession     Z02 hands its pathways over to Z05 (organisations.yaml says when)
    corrections      first contacts that turn out as "did not attend" are taken back
"""
import argparse
import csv
import datetime
import math
import os
import random

PLACES = ("synthetic-north", "synthetic-south", "synthetic-east", "synthetic-west")
ICB = "ZQQ"
SEASON = {1: 1.0, 2: 1.05, 3: 1.2, 4: 0.9, 5: 1.05, 6: 1.1, 7: 0.9, 8: 0.45, 9: 1.0, 10: 1.3, 11: 1.2, 12: 0.75}
SUCCESSION = datetime.date(2024, 4, 1)
LOST = (datetime.date(2024, 1, 8), datetime.date(2024, 4, 7))
WEEK = datetime.timedelta(weeks=1)

SNAPSHOT = ("pathway_id", "issuer", "service", "provider", "commissioner", "place", "referral_date", "stage",
            "stage_start", "exception", "census_date", "age_band", "need")
EVENTS = ("pathway_id", "issuer", "person_id", "service", "provider", "commissioner", "place", "event", "event_id",
          "event_date", "version", "retracted", "reason", "exception", "age_band")


class Service:
    """referrals, capacity: a week and place; stages: (id in services.yaml, event that ends it, share of
    the capacity)"""

    def __init__(self, name, referrals, capacity, stages, start_queue):
        self.name, self.referrals, self.capacity = name, referrals, capacity
        self.stages, self.start_queue = stages, start_queue


SERVICES = {
    "nd": Service("neurodevelopmental", 4.2, 4.0, (
        ("first-contact", "first-contact", 1.0), ("contact-to-assessment", "assessment-start", 0.9),
        ("diagnosis", "diagnosis", 0.9)), 110),
    "wheelchair": Service("wheelchair", 2.2, 2.45, (("decision", "prescription", 1.0), ("delivery", "equipment", 1.0)), 20),
    "mental-health": Service("mental-health", 3.4, 4.6, (
        ("first-contact", "first-contact", 1.0), ("baseline", "outcome-baseline", 1.1), ("care-plan", "care-plan", 1.1)), 6),
    "ehc": Service("ehc-plan", 2.0, 2.3, (
        ("assess-decision", "assess-decision", 1.0), ("advice", "advice-received", 1.1), ("issue", "plan-issued", 1.0)), 18),
}


def provider_of(feed, place, day):
    if feed != "nd":
        return {"wheelchair": "Z03", "mental-health": "Z01", "ehc": "Z04"}[feed]
    if place in PLACES[:2]:
        return "Z06"
    return "Z02" if day < SUCCESSION else "Z05"


class Pathway:
    def __init__(self, number, person, place, referred, rng):
        self.number, self.person, self.place, self.referred = number, person, place, referred
        self.stage, self.reached = 0, [referred]  # the date of each event so far, the referral first
        self.closed = self.outcome = None
        self.age = rng.choice(("0-4", "5-10", "5-10", "11-15", "11-15", "16-17"))
        self.need = rng.choices(("low", "medium", "high", "specialist"), (35, 35, 20, 10))[0]
        self.urgency = rng.random()
        self.exception = "personal-circumstances" if rng.random() < 0.04 else ""


def poisson(rng, mean):
    n, p, limit = 0, rng.random(), math.exp(-mean)
    while p > limit:
        n, p = n + 1, p * rng.random()
    return n


def model(feed, rng, first, until, scale):
    """Pathways of one service, lived through week by week."""
    service, pathways, queue = SERVICES[feed], [], {}

    def refer(place, day):
        # One in twelve was known before: a person with two pathways.
        person = rng.choice(pathways).person if pathways and rng.random() < 0.08 else f"SYN-P-{feed}-{len(pathways):05}"
        p = Pathway(f"SYN-{feed}-{len(pathways):06}", person, place, day, rng)
        pathways.append(p)
        queue.setdefault((place, 0), []).append(p)

    for place in PLACES:
        for _ in range(int(service.start_queue * scale)):
            refer(place, first - datetime.timedelta(days=rng.randrange(1, 300)))
    for week in range((until - first).days // 7 + 1):
        monday = first + week * WEEK
        growth = 1 + week / 52 / 6
        for place in PLACES:
            for _ in range(poisson(rng, service.referrals * scale * growth * SEASON[monday.month])):
                refer(place, monday + datetime.timedelta(days=rng.randrange(5)))
            for stage, (_, event, share) in enumerate(service.stages):
                waiting = queue.get((place, stage), [])
                seen = service.capacity * share * scale * (0.5 if monday.month == 8 or monday.month == 12 else 1.04)
                if feed == "nd" and LOST[0] <= monday <= LOST[1]:
                    seen *= 0.5
                waiting.sort(key=lambda p: (p.reached[-1] - datetime.timedelta(days=int(90 * p.urgency)), p.number))
                for p in list(waiting[:poisson(rng, seen)]):
                    day = monday + datetime.timedelta(days=rng.randrange(5))
                    if day < p.reached[-1]:
                        continue
                    waiting.remove(p)
                    if rng.random() < 0.05:
                        p.closed, p.outcome = day, "closed-no-equipment" if feed == "wheelchair" else "removal"
                        continue
                    p.reached.append(day)
                    p.stage = stage + 1
                    if p.stage == len(service.stages):
                        p.closed, p.outcome = day, event
                    else:
                        queue.setdefault((place, p.stage), []).append(p)
    return pathways


def write(folder, name, columns, rows):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(columns)
        w.writerows(rows)


def month_ends(until, months):
    """The last Sunday of each month, the newest on or before until."""
    days, day = [], until - datetime.timedelta(days=(until.weekday() + 1) % 7)
    while len(days) < months:
        days.append(day)
        day = day.replace(day=1) - datetime.timedelta(days=1)
        day -= datetime.timedelta(days=(day.weekday() + 1) % 7)
    return days[::-1]


def snapshot_rows(feed, pathways, provider, census, left_out=()):
    service = SERVICES[feed]
    for p in pathways:
        if p.referred > census or (p.closed and p.closed <= census) or p.number in left_out or \
                provider_of(feed, p.place, census) != provider:
            continue
        reached = [d for d in p.reached if d <= census]
        yield (p.number, "ZISS", service.name, provider, ICB, p.place, p.referred, service.stages[len(reached) - 1][0],
               reached[-1], "", census, p.age, p.need if feed == "wheelchair" else "")


def write_snapshots(folder, feed, pathways, censuses, rng):
    providers = sorted({provider_of(feed, place, day) for place in PLACES for day in censuses})
    restated = censuses[-7]
    late = censuses[-2:]
    for census in censuses:
        for provider in providers:
            rows = list(snapshot_rows(feed, pathways, provider, census))
            if not rows or (provider == "Z05" and census in late):
                continue
            into = os.path.join(folder, f"{feed}-north-south" if provider == "Z06" else f"{feed}-east-west")
            name = f"{feed}-{provider}-{census}.csv"
            if provider == "Z06" and census == restated:
                left_out = {r[0] for r in rng.sample(rows, 12)}
                write(into, name, SNAPSHOT, snapshot_rows(feed, pathways, provider, census, left_out))
                name = f"{feed}-{provider}-{census}-restated.csv"
            write(into, name, SNAPSHOT, rows)


def events_of(feed, p, rng):
    """(date on which it is sent, row)"""
    service = SERVICES[feed]

    def row(event, day, version=1, retracted="", reason=""):
        return (p.number, "ZISS", p.person, service.name, provider_of(feed, p.place, day), ICB, p.place, event,
                f"{p.number}-{event}", day, version, retracted, reason, p.exception if feed == "ehc" else "", p.age)

    yield p.referred, row("referral", p.referred)
    for (_, event, _), day in zip(service.stages, p.reached[1:]):
        if event == "first-contact" and rng.random() < 0.03 and p.stage == 1:
            yield day, row(event, day)
            yield day + 3 * WEEK, row(event, day, 2, "yes", "did not attend")
        else:
            yield day + datetime.timedelta(days=rng.choice((0, 0, 0, 1, 9))), row(event, day)
    if p.outcome == "removal":
        yield p.closed, row("removal", p.closed, reason="discharged")


def write_events(folder, feed, pathways, censuses, rng):
    """A file a month: what became known in it."""
    known = [e for p in pathways for e in events_of(feed, p, rng)]
    since = datetime.date.min
    for census in censuses:
        rows = sorted((r for sent, r in known if since < sent <= census), key=lambda r: (r[9], r[8], r[10]))
        write(folder, f"{feed}-{census}.csv", EVENTS, rows)
        since = census


def write_lists(folder, seed=1, until=datetime.date(2024, 9, 15), months=24, scale=1.0):
    censuses = month_ends(until, months)
    first = censuses[0] - datetime.timedelta(days=censuses[0].weekday())
    for feed in SERVICES:
        rng = random.Random(f"{seed} {feed}")
        pathways = model(feed, rng, first, until, scale)
        if feed == "nd":
            write_snapshots(folder, feed, pathways, censuses, rng)
        else:
            write_events(os.path.join(folder, feed), feed, pathways, censuses, rng)


def main():
    a = argparse.ArgumentParser(description="invented waiting lists, for the demonstration and the tests")
    a.add_argument("folder")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--until", type=datetime.date.fromisoformat, default=datetime.date(2024, 9, 15))
    a.add_argument("--months", type=int, default=24)
    a.add_argument("--scale", type=float, default=1.0)
    o = a.parse_args()
    write_lists(o.folder, o.seed, o.until, o.months, o.scale)


if __name__ == "__main__":
    main()
