"""read_figures - every figure of a mail's tables, as somebody reads it who has only the mail

    for told in figures_of(text, titles): told.day, told.start, told.title, told.label, told.figure

label: "" of a measure itself (of the news, of the points before, of a digest), else what stands beside it.
"""
import collections
import datetime

Told = collections.namedtuple("Told", "start day title label figure")
HEADS = {"News | What": "news", "Data to | Figure": "points", "Beside it | Figure": "beside", "Measure | Value": "digest"}


def day_of(text):
    """None: none, such as of what is projected."""
    try:
        return datetime.datetime.strptime(text, "%d %B %Y").date()
    except ValueError:
        return None


def row_of(table, cells, title):
    """(title, label, figure, days) of a row; None: it is of none of these tables."""
    if table == "news" and len(cells) == 9 and not cells[8].startswith("projected"):  # that is of no day yet
        return cells[1], "", cells[4], cells[3]
    if table == "points" and len(cells) == 4:
        return title, "", cells[1], cells[0]
    if table == "beside" and len(cells) == 3:
        return title, cells[0], cells[1], cells[2]
    if table == "digest" and len(cells) == 7:
        return cells[0], "", cells[1], cells[4]
    return None


def figures_of(text, titles):
    """titles: of the measures, of which a line alone begins what is said of one."""
    table, title = None, None
    for line in text.splitlines():
        cells = [c.strip() for c in line.split(" | ")] if " | " in line else []
        head = next((HEADS[h] for h in HEADS if line.startswith(h)), None)
        if not cells:
            table, title = None, line if line in titles else title
        elif head:
            table = head
        elif table:
            what, label, figure, days = row_of(table, cells, title) or (None, "", "", "")
            first, _, last = days.partition(" to ")
            if what in titles and day_of(last or first):
                yield Told(day_of(first), day_of(last or first), what, label, figure)
