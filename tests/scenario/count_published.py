#!/usr/bin/env python3
"""An independent recount of the published files against `waitlistctl feed parse`.

Usage: count_published.py WAITLISTCTL FOLDER

FOLDER holds one folder per publication (mhsds-4ww, chs-sitrep, sen2, sen2-tribunals, scotland-camhs,
autism-stats, rtt-full-csv). Every CSV file
in it is read here a second time, with the standard library only and no code or mapping file of the
product: rows, totals by marker, and every single cell are compared. Files that are not in the
publisher's layout must be refused. Exit 0 when everything agrees.
"""
import calendar
import collections
import csv
import datetime
import json
import pathlib
import re
import subprocess
import sys

FORMATS = {'mhsds-4ww': 'mhsds', 'mhsds': 'mhsds', 'chs-sitrep': 'chs-sitrep', 'sen2': 'sen2',
           'scotland-camhs': 'scotland-camhs', 'sen2-tribunals': 'sen2-tribunals',
           'autism-stats': 'autism', 'rtt-full-csv': 'rtt-full'}
SUPPRESSED, NOT_SUBMITTED, NOT_APPLICABLE = {'*', 'c', 'low', 'u'}, \
    {'x', ':', '.', '-', 'null', ''}, {'z'}


class NotThisFormat(Exception):
    """The file is not in the publisher's layout."""


class Aside(Exception):
    """The row is set aside, for the reason given."""


def spaced(text):
    return ' '.join(text.split())


def figure(cell, blank='not-submitted'):
    """(value, marker) of a value cell."""
    cell = cell.strip()
    if re.fullmatch(r'[-+]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?([eE][-+]?\d+)?%?', cell) and \
            re.search(r'\d', cell):
        return float(cell.replace(',', '').rstrip('%')), None
    word = cell.lower()
    if word == '':
        return None, blank
    for words, marker in ((SUPPRESSED, 'suppressed'), (NOT_SUBMITTED, 'not-submitted'),
                          (NOT_APPLICABLE, 'not-applicable')):
        if word in words:
            return None, marker
    raise Aside('bad-number')


def month(year, number):
    return (datetime.date(year, number, 1),
            datetime.date(year, number, calendar.monthrange(year, number)[1]))


def read(path):
    with open(path, encoding='utf-8-sig', newline='') as f:
        return list(csv.reader(f))


def mhsds(rows):
    head = rows[0]
    for need in ('MEASURE_ID', 'MEASURE_VALUE', 'REPORTING_PERIOD_START'):
        if need not in head:
            raise NotThisFormat
    for row in rows[1:]:
        r = dict(zip(head, row))
        day = [datetime.datetime.strptime(r['REPORTING_PERIOD_' + k], '%d/%m/%Y').date()
               for k in ('START', 'END')]
        value, marker = figure(r['MEASURE_VALUE'], blank='suppressed')
        none = lambda t: None if t.strip() == 'NONE' else t.strip()
        yield [(r['MEASURE_ID'], none(r['BREAKDOWN']), r['PRIMARY_LEVEL'].strip(),
                none(r['SECONDARY_LEVEL']), day[0], day[1], value, marker,
                {'Performance': 'provisional', 'Provisional': 'provisional',
                 'Final': 'final'}[r['STATUS'].strip()])]


def sen2(rows):
    head = [spaced(h) for h in rows[0]]
    if not {'time_period', 'geographic_level', 'country_code'} <= set(head):
        raise NotThisFormat
    geography = {'time_period', 'time_identifier', 'geographic_level', 'country_code',
                 'country_name', 'region_code', 'region_name', 'old_la_code', 'new_la_code',
                 'la_name'}
    filters = ['breakdown_topic', 'ehcp_or_statement', 'establishment_group', 'establishment_type',
               'enrolment_type', 'characteristic_age', 'age', 'weeks', 'breakdown']
    for row in rows[1:]:
        r = dict(zip(head, row))
        code = [r.get(k, '') for k in ('new_la_code', 'region_code', 'country_code')]
        org = next(c for c in code if c)
        period = r['time_period']
        if r['time_identifier'] == 'Calendar year':
            start, end = datetime.date(int(period), 1, 1), datetime.date(int(period), 12, 31)
        else:
            assert r['time_identifier'] == 'Academic year', r['time_identifier']
            start = datetime.date(int(period[:4]), 9, 1)
            end = datetime.date(int(period[:4]) + 1, 8, 31)
        words = [r[k].strip() for k in filters if k in r and r[k].strip()]
        out = []
        try:
            for name, cell in zip(head, row):
                if name in geography or name in filters:
                    continue
                value, marker = figure(cell)
                out.append((name, ' / '.join(words) or None, org, None, start, end, value, marker,
                            None))
        except Aside as aside:
            out = aside
        yield out


def camhs(rows):
    head = rows[0]
    if 'HB' not in head or 'Month' not in head:
        raise NotThisFormat
    for row in rows[1:]:
        r = dict(zip(head, row))
        start, end = month(int(r['Month'][:4]), int(r['Month'][4:]))
        out = []
        for name in head:
            if name in ('HB', 'Month') or name.endswith('QF'):
                continue
            value, marker = figure(r[name])
            out.append((name, None, r['HB'], None, start, end, value, marker, None))
        yield out


def autism(rows):
    head = rows[0]
    if 'METRIC' not in head or 'METRIC_VALUE' not in head:
        raise NotThisFormat
    for row in rows[1:]:
        r = dict(zip(head, row))
        day = [datetime.datetime.strptime(r['REPORTING_PERIOD_' + k], '%d/%m/%Y').date()
               for k in ('START', 'END')]
        assert r['STATUS'] == 'Latest Available Data' and r['SECONDARY_LEVEL'] == 'NONE', r['STATUS']
        yield [(r['METRIC'], r['BREAKDOWN'], r['PRIMARY_LEVEL'], None, day[0], day[1],
                *figure(r['METRIC_VALUE']), None)]


def rtt(rows):
    head = rows[0]
    if len(head) != 121 or head[0] != 'Period' or head[9] != 'RTT Part Type':
        raise NotThisFormat
    for row in rows[1:]:
        when = datetime.datetime.strptime(row[0], 'RTT-%B-%Y')
        start, end = month(when.year, when.month)
        part, out = row[9], []
        for name, cell in list(zip(head, row))[13:]:
            value, marker = figure(cell)
            # What the part has no use for; "Total All" is always filled.
            if cell == '' and name != 'Total All' and (
                    part == 'Part_3' or
                    (part in ('Part_2', 'Part_2A') and not name.startswith('Gt '))):
                marker = 'not-applicable'
            out.append((name, part + ' / ' + row[7], row[3], row[11], start, end, value, marker, None))
        assert row[-1].isdigit(), row[-1]
        yield out


def tribunals(rows):
    if not rows[0][0].startswith('SEND Appeal rate table'):
        raise NotThisFormat
    years, names, year = rows[3], rows[4], ''
    columns = []
    for i in range(2, len(names)):
        year = years[i].strip() or year
        columns.append((i, int(year), re.sub(r'[\d,]+$', '', names[i])))
    regions = {r[0] for r in rows[5:] if r[0].isupper() and not any(c.strip() for c in r[1:])}
    assert len(regions) == 11, regions
    for row in rows[5:]:
        if not any(c.strip() for c in row):
            break  # what comes after the first blank line is notes
        if row[0] in regions:
            continue
        name = re.sub(r'[\d,]+$', '', row[0].strip())
        org = row[1].strip() or {'England Total': 'England'}.get(name, name)
        out = []
        for i, year, measure in columns:
            cell = row[i].strip()
            value, marker = (None, 'not-submitted') if cell == '..' else figure(cell)
            out.append((measure, None, org, None, datetime.date(year, 1, 1),
                        datetime.date(year, 12, 31), value, marker, None))
        yield out


def dated(cell):
    """The month a column is headed by, or None."""
    if re.fullmatch(r'\d{5}', cell):
        d = datetime.date(1899, 12, 30) + datetime.timedelta(int(cell))
        return month(d.year, d.month)
    try:
        d = datetime.datetime.strptime(cell, '%b-%y')
        return month(d.year, d.month)
    except ValueError:
        return None


def banner_month(rows):
    hit = re.search(r', (\w+ \d{4})\s*$', next(c for c in rows[0] if c))
    if not hit:
        return None
    d = datetime.datetime.strptime(hit.group(1), '%B %Y')
    return month(d.year, d.month)


def band(text):
    if text.lower().startswith('total'):
        return 'total'
    hit = re.search(r'waiting (over )?(\S+) weeks', text, re.I)
    return ('>' if hit.group(1) else '') + hit.group(2)


def chs(rows):
    title = next((c for c in rows[0] if c), '')
    table = ('1' if 'did not submit' in title else '2' if 'time series' in title else
             '3' if 'overview' in title else
             '4' if re.match('(Total|Number) waiting', title) else None)
    if table is None:
        raise NotThisFormat
    period = banner_month(rows)
    if table == '4':
        head_at = next(i for i, r in enumerate(rows) if any(c.startswith('(A)') for c in r))
        first = next(i for i, c in enumerate(rows[head_at]) if c.startswith('('))
    elif table == '3':
        head_at = next(i for i, r in enumerate(rows) if 'Total waiting list' in r)
        first = rows[head_at].index('Total waiting list')
    else:
        head_at = next(i for i, r in enumerate(rows) if any(dated(c) for c in r))
        first = next(i for i, c in enumerate(rows[head_at]) if dated(c))
    head = [spaced(c) for c in rows[head_at]]
    code_at = head.index('Organisation Code') if 'Organisation Code' in head else None
    kind = None
    for row in rows[head_at + 1:]:
        if not any(c.strip() for c in row):
            continue
        label = row[first - 1].strip()
        if table in '14':
            kind_at = first - (3 if code_at is not None else 2)
            kind = row[kind_at].strip() or kind
            code = row[code_at].strip() if code_at is not None else ''
            shown = None if label == 'England' else kind
        out = []
        for i in range(first, len(head)):
            value, marker = figure(row[i])
            if table == '4':
                key = (head[i], shown, code or label, band(title))
            elif table == '3':
                key = (spaced(label), None, 'England', band(head[i]))
            elif table == '2':
                key = (spaced(label), None, 'England', None)
            else:
                key = ('non-submitters', shown, label, None)
            when = period if table in '34' else dated(head[i])
            if when is None:
                out = Aside('no-period')
                break
            out.append(key + when + (value, marker, None))
        yield out


READERS = {'mhsds': mhsds, 'sen2': sen2, 'scotland-camhs': camhs, 'chs-sitrep': chs,
           'sen2-tribunals': tribunals, 'autism': autism, 'rtt-full': rtt}


def run(tool, path, fmt, *more):
    return subprocess.run([tool, 'feed', 'parse', str(path), '--format', fmt, *more],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding='utf-8',
                          check=False)


def compare(tool, path, fmt):
    """Yields what differs."""
    done = run(tool, path, fmt, '-o', 'ndjson')
    try:
        rows = list(READERS[fmt](read(path)))
    except NotThisFormat:
        if done.returncode != 1 or done.stdout or 'error:' not in done.stderr:
            yield 'should be refused; exit %d' % done.returncode
        return
    if done.returncode != 0:
        yield 'refused: ' + done.stderr.strip()
        return
    want = [cell for row in rows if not isinstance(row, Aside) for cell in row]
    aside = collections.Counter(str(row) for row in rows if isinstance(row, Aside))
    got = []
    for line in done.stdout.splitlines():
        o = json.loads(line)
        if list(o) != ['source', 'measure', 'breakdown', 'org', 'secondary', 'period_start',
                       'period_end', 'value', 'marker', 'status'] or o['source'] != fmt:
            yield 'keys: ' + line
            return
        got.append((o['measure'], o['breakdown'], o['org'], o['secondary'],
                    datetime.date.fromisoformat(o['period_start']),
                    datetime.date.fromisoformat(o['period_end']), o['value'], o['marker'],
                    o['status']))
    for i, (w, g) in enumerate(zip(want, got)):
        if w != g:
            yield 'record %d: want %s, got %s' % (i + 1, w, g)
            break
    if len(want) != len(got):
        yield 'records: want %d, got %d' % (len(want), len(got))
    count = [collections.Counter(r[7] for r in side) for side in (want, got)]
    if count[0] != count[1]:
        yield 'markers: want %s, got %s' % (dict(count[0]), dict(count[1]))
    summary = json.loads(run(tool, path, fmt, '--summary').stdout)
    mine = {'format': fmt, 'rows': len(rows), 'accepted': len(rows) - sum(aside.values()),
            'set_aside': dict(aside), 'records': len(want),
            'periods': len({r[4:6] for r in want}), 'organisations': len({r[2] for r in want})}
    if summary != mine:
        yield 'summary: want %s, got %s' % (mine, summary)


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    tool, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    files = wrong = 0
    for path in sorted(folder.glob('*/*.csv')):
        fmt = FORMATS.get(path.parent.name)
        if not fmt:
            continue
        files += 1
        for text in compare(tool, path, fmt):
            wrong += 1
            print('%s: %s' % (path.relative_to(folder), text))
    print('%d files recounted, %d differences' % (files, wrong))
    return 1 if wrong or not files else 0


if __name__ == '__main__':
    sys.exit(main())
