"""Recomputes every figure of the demonstration's mails from the published source files.

    recompute_demo.py SPOOL [DEMO] [--measures FILE]

Shares no code with the product: it reads the CSV files with Python's csv module and its own idea of
where a figure stands. Forward: each judged measure of a mail must show the value that the source
prints for its period. Backward: each percentage, each number with thousands and each number of days
in a mail must be a figure of those series, a number of the plan, or a difference of the two.
--measures: also compares the answer of `waitlistctl measures -o json`. Exit 0, or 1 with what differs.
"""
import csv
import datetime
import email
import email.policy
import glob
import html
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAEDIATRICS = "(CYP) Community paediatric service"
WHEELCHAIRS = "(CYP) Wheelchair, orthotics, prosthetics and equipment"
# measure of the plan -> where its figure stands: (publication, row's organisation, column or id, table)
WHERE = {
    "cyp-4w-taj": ("cyp4ww", "TAJ", "MRS08b", "%"),
    "cyp-4w-qua": ("cyp4ww", "QUA", "MRS08b", "%"),
    "cyp-52w-taj": ("cyp4ww", "TAJ", "MRS09e", ""),
    "cyp-first-median-taj": ("cyp4ww", "TAJ", "MRS10a", " days"),
    "cyp-waiting-qua": ("cyp4ww", "QUA", "MRS09", ""),
    "cyp-104w-first-qua": ("cyp4ww", "QUA", "MRS14b", "%"),
    "cyp-4w-england": ("cyp4ww", "England", "MRS08b", "%"),
    "paediatrics-waiting-qua": ("chs", ("QUA", "BLACK COUNTRY"), PAEDIATRICS, "4"),
    "paediatrics-52w-qua": ("chs", ("QUA", "BLACK COUNTRY"), PAEDIATRICS, "4g"),
    "wheelchairs-qua": ("chs", ("QUA", "BLACK COUNTRY"), WHEELCHAIRS, "4"),
    "wheelchairs-rna": ("chs", ("RNA", "THE DUDLEY GROUP NHS FOUNDATION TRUST"), WHEELCHAIRS, "4"),
    "ehc-20w-dudley": ("sen2", "Dudley", "PC_plans_issued_20_weeks_ex", "%"),
}
MONTHS = ("January February March April May June July August September October November "
          "December").split()


def number(text):
    text = text.strip().replace(",", "")
    try:
        return float(text)
    except ValueError:
        return None


def rows_of(path):
    with open(path, encoding="utf-8-sig", newline="") as f:
        return list(csv.reader(f))


def cyp4ww(folder, org, name):
    """(start, end) -> printed cell."""
    out = {}
    for path in sorted(glob.glob(os.path.join(folder, "cyp4ww", "*.csv"))):
        head, *rows = rows_of(path)
        at = {c: i for i, c in enumerate(head)}
        for row in rows:
            if row[at["PRIMARY_LEVEL"]] == org and row[at["MEASURE_ID"]] == name:
                period = tuple("-".join(reversed(row[at[c]].split("/")))
                               for c in ("REPORTING_PERIOD_START", "REPORTING_PERIOD_END"))
                out[period] = row[at["MEASURE_VALUE"]]
    return out


def chs(folder, names, column, table):
    out = {}
    for path in sorted(glob.glob(os.path.join(folder, "chs", f"*-table-{table}.csv"))):
        rows = rows_of(path)
        month, year = re.search(rf"({'|'.join(MONTHS)}) (\d{{4}})", " ".join(rows[0])).groups()
        first = datetime.date(int(year), MONTHS.index(month) + 1, 1)
        last = (first + datetime.timedelta(days=31)).replace(day=1) - datetime.timedelta(days=1)
        head = next(r for r in rows if sum(c.startswith("(CYP)") for c in r) > 3)
        place = [" ".join(c.split()) for c in head].index(column)
        for row in rows[rows.index(head) + 1:]:
            if any(c.strip().upper() in names for c in row[:3]):
                out[(first.isoformat(), last.isoformat())] = row[place]
    return out


def sen2(folder, place, column):
    out = {}
    for path in sorted(glob.glob(os.path.join(folder, "sen2", "*.csv"))):
        head, *rows = rows_of(path)
        at = {c: i for i, c in enumerate(head)}
        for row in rows:
            if row and row[at["la_name"]] == place and row[at["breakdown"]] == "All EHC plans issued":
                year = row[at["time_period"]]
                out[(f"{year}-01-01", f"{year}-12-31")] = row[at[column]]
    return out


def source(demo, measure):
    kind, org, name, table = WHERE[measure]
    folder = os.path.join(demo, "feeds")
    if kind == "cyp4ww":
        return cyp4ww(folder, org, name)
    return chs(folder, org, name, table) if kind == "chs" else sen2(folder, org, name)


def gap(measure, cell):
    """Cells that are no figure: markers, blanks, and the wheelchair total over blank providers."""
    return number(cell) is None or measure == "wheelchairs-qua"


def shown(value, unit):
    """How a figure is written: 5%, 1,145, 71 days."""
    text = f"{value:,.10f}".rstrip("0").rstrip(".")
    return text + unit if unit in ("%", " days") else text


def plan_numbers(demo):
    """Each measure's own targets, milestones and tolerance, read as plain text."""
    with open(os.path.join(demo, "plan.yaml"), encoding="utf-8") as f:
        text = f.read().split("\nmeasures:\n")[1]
    out = {}
    for block in re.split(r"\n  - id: ", "\n" + text)[1:]:
        name = block.split("\n", 1)[0].strip()
        found = re.findall(r"(?:at_least|at_most|tolerance|\d{4}-\d\d-\d\d): (-?[\d.]+)", block)
        out[name] = {float(x) for x in found}
    return out


def plan_line(demo, name, end):
    """The line for a period: the latest milestone on or before its end, else the target; and the title."""
    with open(os.path.join(demo, "plan.yaml"), encoding="utf-8") as f:
        text = f.read().split("\nmeasures:\n")[1]
    block = re.split(r"\n  - id: ", "\n" + text.split(f"  - id: {name}\n", 1)[1])[0]
    title = re.search(r"\n    title: (.*)", "\n" + block).group(1).strip()
    milestones = sorted((d, float(v)) for d, v in re.findall(r"(\d{4}-\d\d-\d\d): (-?[\d.]+)", block) if d <= end)
    target = float(re.search(r"at_(?:least|most): (-?[\d.]+)", block).group(1))
    return (milestones[-1][1] if milestones else target), title


def long_date(iso):
    date = datetime.date.fromisoformat(iso)
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def check_places(plain, title, period, value, line, unit):
    """Compares each paragraph and table row about a measure, field by field. Returns (what is wrong, places seen)."""
    wrong, seen = [], 0
    figure, planned, apart = shown(value, unit), shown(line, unit), shown(round(abs(value - line), 6), "")
    for paragraph in re.split(r"\n\s*\n", plain):
        flat = " ".join(paragraph.split())
        if "Data period:" not in flat or title not in flat:
            continue
        seen += 1
        for expected in (f"Data period: {long_date(period[0])} to {long_date(period[1])}.", f"What: {figure} for ",
                         f"where the plan has {planned}: "):
            if expected not in flat:
                wrong.append(f"paragraph of {title}: no {expected!r}")
        if not re.search(rf": {re.escape(apart)}(?: percentage points?| days?)? (?:better than|worse than) plan", flat):
            wrong.append(f"paragraph of {title}: the distance is not {apart}")
    for row in plain.splitlines():
        cells = [c.strip() for c in row.split("|")]
        if len(cells) >= 7 and cells[1] == title:
            seen += 1
            if cells[3:6] != [long_date(period[1]), figure, planned]:
                wrong.append(f"table row of {title}: {cells[3:6]}, not {[long_date(period[1]), figure, planned]}")
    return wrong, seen


def main():
    args = [a for a in sys.argv[1:] if not a.startswith("--")]
    measures_file = sys.argv[sys.argv.index("--measures") + 1] if "--measures" in sys.argv else None
    if measures_file:
        args.remove(measures_file)
    spool = args[0]
    demo = args[1] if len(args) > 1 else os.path.join(ROOT, "config", "demo")
    wrong, checked = [], 0
    plan = plan_numbers(demo)
    for name in plan:
        if name not in WHERE:
            wrong.append(f"the plan's measure {name} is unknown to this script")

    mails = sorted(glob.glob(os.path.join(spool, "*.eml")))
    if not mails:
        wrong.append(f"no mail in {spool}")
    for path in mails:
        with open(path, "rb") as f:
            message = email.message_from_bytes(f.read(), policy=email.policy.default)
        with open(path[:-len(".eml")] + ".json", encoding="utf-8") as f:
            event = json.load(f)
        where = os.path.basename(path)
        if any((i.get("measure") or "").startswith("synthetic-") for i in event["data"]["items"]):
            continue  # invented lists: test_demo.py recounts them
        plain = message.get_body(("plain",)).get_content()
        marked_up = message.get_body(("html",)).get_content()
        marked_up = html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<style.*?</style>", "", marked_up)))
        allowed, days_known = set(), False
        for item in event["data"]["items"]:
            name = item.get("measure")
            if not name:
                continue
            cells = source(demo, name)
            period = (item["period_start"], item["period_end"])
            if period not in cells:
                wrong.append(f"{where}: {name}: the source has no period {period}")
                continue
            unit = WHERE[name][3]
            if not gap(name, cells[period]):
                value = number(cells[period])
                if item["value"] != value:
                    wrong.append(f"{where}: {name}: {item['value']} for {value} of {period}")
                if period != max(cells, key=lambda p: p[1]):
                    wrong.append(f"{where}: {name}: judged {period}, though a newer period lies there")
                figure = shown(value, unit)
                end = datetime.date.fromisoformat(period[1])
                dates = (period[1], f"{end.day} {MONTHS[end.month - 1]} {end.year}",
                         f"{MONTHS[end.month - 1]} {end.year}")
                for kind, text in (("text", plain), ("html", marked_up)):
                    text = " ".join(text.split())
                    if not re.search(rf"(?<![\d,.]){re.escape(figure)}(?![\d,])", text):
                        wrong.append(f"{where}: {name}: {figure} is not in its {kind}")
                    if not any(d in text for d in dates):
                        wrong.append(f"{where}: {name}: its period {period[1]} is not in its {kind}")
                    checked += 1
                line, title = plan_line(demo, name, period[1])
                if item["line"] != line:
                    wrong.append(f"{where}: {name}: judged against {item['line']}, the plan has {line}")
                faults, seen = check_places(plain.replace("\r\n", "\n"), title, period, value, line, unit)
                wrong += [f"{where}: {fault}" for fault in faults]
                checked += seen
                if not seen:
                    wrong.append(f"{where}: {name}: neither a paragraph nor a table row is about it")
            days_known = days_known or unit == " days"
            figures = {number(c) for c in cells.values() if number(c) is not None}
            for base in (figures, plan.get(name, set())):
                allowed |= base
            allowed |= {round(abs(a - b), 6) for a in figures for b in plan.get(name, set())}
            allowed |= {round(abs(a - b), 6) for a in figures for b in figures}
        apart = [re.findall(r"(\d[\d,.]*)(?: percentage points?| days?)? (?:better than|worse than) plan", " ".join(t.split()))
                 for t in (plain, marked_up)]
        if sorted(apart[0]) != sorted(apart[1]):
            wrong.append(f"{where}: distances differ between text and html: {apart}")
        if not allowed:
            continue
        for kind, text in (("text", plain), ("html", marked_up), ("subject", str(message["Subject"]))):
            pattern = r"(?<![\d,.])(\d{1,3}(?:,\d{3})+(?:\.\d+)?)(?![\d,])|(?<![\d,.])(\d+(?:\.\d+)?)(?=%| percentage point)"
            if days_known:
                pattern += r"|(?<![\d,.])(\d+(?:\.\d+)?)(?= days)"
            for match in re.finditer(pattern, " ".join(text.split())):
                figure = next(g for g in match.groups() if g)
                checked += 1
                if not any(abs(number(figure) - a) < 1e-6 for a in allowed):
                    wrong.append(f"{where}: {kind}: {figure} is neither a source's figure nor the plan's")

    if measures_file:
        with open(measures_file, encoding="utf-8") as f:
            answers = [m for m in json.load(f) if not m["id"].startswith("synthetic-")]
        if {m["id"] for m in answers} != set(WHERE):
            wrong.append(f"measures: {sorted(m['id'] for m in answers)} for {sorted(WHERE)}")
        for m in answers:
            cells = source(demo, m["id"]) if m["id"] in WHERE else {}
            period = max(cells, key=lambda p: p[1]) if cells else None
            value = None if not period or gap(m["id"], cells[period]) else number(cells[period])
            if (m["value"], m["period_start"], m["period_end"]) != (value, *(period or (None, None))):
                wrong.append(f"measures: {m['id']}: {m['value']} to {m['period_end']}, source {value} to {period}")
            checked += 1
    for line in wrong:
        print(line)
    print(f"{checked} figures checked in {len(mails)} mails, {len(wrong)} wrong")
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
