"""lists - what the scenario tests of waiting lists share: settings, plan, generated files

People and pathways are invented: identifiers are of the 999 range or plain local numbers.
"""
from waitlist import Instance

LISTS = "lists:\n  - {id: cyp, service: mental-health, providers: [TAJ]}\n"
TWO = "lists:\n  - {id: cyp, service: mental-health, providers: [TAJ, RXT]}\n"
FEED = """\
  - {{id: {id}, kind: {kind}, into: cyp, format: pathway-{kind}, inbox: ./inbox/{id},
     cadence: weekly, grace: 400d, providers: {providers}}}
"""
SNAPSHOTS = FEED.format(id="weekly", kind="snapshot", providers="[TAJ]")
EVENTS = FEED.format(id="events", kind="events", providers="[]")

PLAN = """\
plan: {{id: dudley, version: 1, place: dudley, mode: live, valid: {{from: 2026-01-01, to: 2027-12-31}}}}
roles: {{camhs-lead: {{receivers: [spool]}}}}
priorities:
  - id: "1"
    title: Children wait less time for help
    actions:
      - {{id: "1.1", title: Second assessment team, lead: camhs-lead, due: 2027-09}}
measures:
{measures}"""
MEASURE = """\
  - id: {id}
    title: {title}
    metric: "{metric}"
    select: {{list: cyp{select}}}
    polarity: {polarity}
    target: {target}
    for: 1
    clear_for: 1
    action: "1.1"
{more}"""

SNAPSHOT_COLUMNS = ("pathway_id", "issuer", "person_id", "service", "provider", "commissioner", "referral_date",
                    "census_date", "name")
EVENT_COLUMNS = ("pathway_id", "issuer", "service", "provider", "commissioner", "event", "event_date", "version",
                 "event_id", "reason")


def measure(id="over-18", title="Waiting over 18 weeks", metric="open-over:18w", select="", polarity="lower",
            target="{at_most: 2}", more=""):
    return MEASURE.format(**locals())


def plan(*measures):
    return PLAN.format(measures="".join(measures or (measure(),)))


def snapshot(census, rows, provider="TAJ", **columns):
    """rows: {pathway: clock start}; people: {pathway: person}, of whom it is not its own."""
    people = columns.get("people", {})
    lines = [",".join(columns.get("header", SNAPSHOT_COLUMNS))]
    for pathway, start in rows.items():
        person = people.get(pathway, f"P{pathway}")
        lines.append(f"{pathway},{provider},{person},mental-health,{provider},QUA,{start},{census},"
                     f"{columns.get('name', 'Somebody')}")
    return "\n".join(lines) + "\n"


def events(*rows):
    """rows: (pathway, event, date, version[, event_id[, reason[, provider]]])."""
    lines = [",".join(EVENT_COLUMNS)]
    for pathway, event, date, version, *rest in rows:
        event_id, reason, provider = (list(rest) + ["", "", "TAJ"][len(rest):])[:3]
        lines.append(f"{pathway},TAJ,mental-health,{provider},QUA,{event},{date},{version},{event_id},{reason}")
    return "\n".join(lines) + "\n"


def starts(count, first, step=1, prefix="A"):
    """count pathways whose clocks start on consecutive days from the ISO date first on."""
    import datetime
    day = datetime.date.fromisoformat(first)
    return {f"{prefix}{i}": str(day + datetime.timedelta(days=i * step)) for i in range(count)}


def instance(build, feeds=SNAPSHOTS, plan_text=None, extra=LISTS, **more):
    return Instance(build, feeds=feeds, plan_text=plan_text or plan(), extra=extra, **more)
