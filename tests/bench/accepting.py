"""accepting - a snapshot taken whole: pseudonymised, archived, in Redis, judged; its memory; midnight over it"""
import datetime
import os
import statistics
import time

from desk import Duckdb, stats_command, words
from faults import WallClock, utc
from instances import LONGEST_S, snapshot_daemon
from measured import cpu_nanoseconds, in_turns, ratio, run
from waitlist import wait_for

AT = "2026-02-17"
COMMAND = "rename of the file into the inbox of a running waitlistd with its own Redis, until every measure has its value"
MEASURES = ("open", "over-18", "median", "longest", "one")
BYTES_A_PATHWAY_MOST = 32


def take(d, path):
    """Offers a file to a running daemon and waits until it counts."""
    cpu, _ = d.used()
    began = d.offer(path)
    # A measure has its value once all of them were judged and Redis has the list.
    wait_for(lambda: d.value("open") is not None, "the file to be accepted", LONGEST_S, longest=0.01)
    seen = time.monotonic()
    after, peak = d.used()
    assert d.outcome().startswith("accepted"), d.outcome()
    assert all(d.value(m) is not None for m in MEASURES)
    return {"seconds": round(seen - began, 4), "cpu_seconds": round(after - cpu, 4), "peak_kib": peak,
            "settled_kib": d.settled()}


def accept(build, path):
    with snapshot_daemon(build) as d:
        d.start(AT)
        return take(d, path)


def against_stats(report, files, build, rows, rounds):
    path = files.rows(rows)
    samples = in_turns(rounds, accepted=lambda: accept(build, path), stats=lambda: run(stats_command(build, path)))
    report.say("accepted-against-stats", "printed: what acceptance costs beside counting alone", True,
               ratio=ratio(samples, "accepted", "stats"), rows=rows, samples=samples,
               command=f"{COMMAND} | {words(stats_command(build, path))}")


def against_duckdb(report, files, build, rows, rounds):
    """Goal 4: the peer makes the table alone."""
    duck, path = Duckdb(build), files.rows(rows)
    out = os.path.join(files.folder, "theirs.csv")
    samples = in_turns(rounds, accepted=lambda: accept(build, path), duckdb=lambda: duck.run("duckdb_tuned.js", path, out))
    figures = {key: ratio(samples, "accepted", "duckdb", key) for key in ("seconds", "cpu_seconds", "peak_kib")}
    report.say("accepted-against-duckdb", "no more time than DuckDB tuned, 2 threads, for the table alone; half its memory "
               "(peaks of daemon and Redis added)", figures["seconds"] <= 1 and figures["peak_kib"] <= 0.5, ratio=figures,
               rows=rows, bytes=os.path.getsize(path), samples=samples, version=duck.version(),
               command=f"{COMMAND} | {words(duck.command('duckdb_tuned.js', path, out))}")


def growth(report, files, build, rows, many, rounds):
    small, large = files.rows(rows), files.rows(many)
    samples = in_turns(rounds, small=lambda: accept(build, small), large=lambda: accept(build, large))
    times, memory = (ratio(samples, "large", "small", key) for key in ("seconds", "peak_kib"))
    most = 1.2 * many / rows
    report.say("accepted-growth", f"at most {most:g} times the time and memory", times <= most and memory <= most,
               ratio={"seconds": times, "peak_kib": memory}, rows=[rows, many], samples=samples, command=COMMAND)


def redis_bytes(report, files, build, rows):
    """Goal 8, of a list that only snapshots know."""
    with snapshot_daemon(build) as d:
        d.start(AT)
        before = d.redis_bytes()
        took = take(d, files.rows(rows))
        after, pathways = d.redis_bytes(), d.value("open")
    each = round((after - before) / pathways, 2)
    report.say("redis-bytes-a-pathway-snapshot", f"at most {BYTES_A_PATHWAY_MOST}", each <= BYTES_A_PATHWAY_MOST,
               ratio=each, pathways=int(pathways), samples={"before": before, "after": after, "accepted": took},
               command="INFO memory: used_memory before and after, by pathways")


def longest(d):
    """What the measure of the longest wait shows of today: answered when the daemon has evaluated today."""
    return (d.ask("measure", id="longest")["projected"] or {}).get("value")


def has_evaluated(d, day):
    """As the audit journal says: asking the daemon itself would count as its work."""
    with open(d.path("state", "journal", "audit"), encoding="utf-8", errors="replace") as f:
        return any('"evaluated"' in line and str(day) in line for line in f)


def one_midnight(d, clock, day):
    """From just before the end of a day until its measures are of the next: the daemon's processor time, all of it,
    in which nothing was asked of it; and what it asked of Redis."""
    was, just_before, next_day = longest(d), f"{day}T23:59", day + datetime.timedelta(1)
    clock.set(utc(day.year, day.month, day.day, 23, 59, 56))
    wait_for(lambda: d.ask("status")["now"].startswith(just_before), "the daemon to see its clock", longest=0.05)
    d.wait_idle()
    calls, cpu, began = d.redis_calls(), cpu_nanoseconds(d.process.pid), time.monotonic()
    assert not has_evaluated(d, next_day), "midnight came before anything was measured"
    wait_for(lambda: has_evaluated(d, next_day), "midnight")
    d.wait_redis_idle()
    taken = {"seconds": round(time.monotonic() - began, 3),
             "cpu_ms": round((cpu_nanoseconds(d.process.pid) - cpu) / 1e6, 2)}
    after = d.redis_calls()
    assert longest(d) == was + 1, "the waits are not a day longer"
    return taken | {"redis": {k: n - calls.get(k, 0) for k, n in after.items()
                              if n != calls.get(k, 0) and k not in ("info", "command")}}


def midnight(report, files, build, rows, rounds):
    """Goal 14: no file came; waits are a day longer."""
    with snapshot_daemon(build) as d:
        clock = WallClock(d, utc(2026, 2, 17, 12))
        # It looks for a new time once a second: looking at each question would be most of what is measured.
        env = {k: v for k, v in clock.env().items() if k != "FAKETIME_NO_CACHE"} | {"FAKETIME_CACHE_DURATION": "1"}
        d.start(None, env=env)
        took = take(d, files.rows(rows))
        pathways = int(d.value("open"))
        samples = [one_midnight(d, clock, datetime.date(2026, 2, 17 + n)) for n in range(rounds)]
    most_ms, most_calls = 50, 10 * len(MEASURES)
    calls, milliseconds = max(sum(s["redis"].values()) for s in samples), statistics.median(s["cpu_ms"] for s in samples)
    report.say("midnight", f"at most {most_ms} ms of the daemon's processor time, all its threads, and {most_calls} Redis "
               "commands: none for a pathway", milliseconds <= most_ms and calls <= most_calls, ratio=milliseconds,
               redis_commands=calls, pathways=pathways, measures=len(MEASURES), samples=samples, accepted=took,
               command="waitlistd on a clock that is set to 23:59:56 of each day, asked nothing until the next")
