"""desk - feed stats on the generated file, against wc -l and, where it is installed, DuckDB tuned by hand"""
import json
import os
import re
import statistics
import subprocess

from measured import in_turns, ratio, run, version

HERE = os.path.dirname(os.path.abspath(__file__))
CENSUS = "2026-02-16"
SMALL, LARGER = 100_000, 300_000
INSTRUCTIONS_MOST = 9000  # a row, by the scalar parser; what national scale needs is a fifth of it


class Files:
    """Generated files of so many rows, made once, beside the build."""

    def __init__(self, build):
        self.folder = os.path.join(build, "bench")
        self.generator = os.path.join(self.folder, "ptl_gen")

    def rows(self, count, seed=1):
        path = os.path.join(self.folder, f"ptl-{count}-{seed}.csv")
        if not os.path.exists(path):
            with open(path + ".part", "wb") as f:
                subprocess.run([self.generator, str(count), str(seed)], stdout=f, check=True)
            os.rename(path + ".part", path)
        with open(path, "rb") as f:  # into the page cache
            while f.read(1 << 22):
                pass
        return path


def stats_command(build, path):
    return [os.path.join(build, "waitlistctl"), "feed", "stats", path, "--format", "ptl-bench", "--formats",
            os.path.join(HERE, "..", "data", "formats"), "--census", CENSUS, "-o", "csv"]


def words(argv):
    return " ".join(os.path.relpath(a) if os.path.isabs(a) else a for a in argv)


class Duckdb:
    """DuckDB by its Node package, as make bench-peers installs it."""

    def __init__(self, build):
        self.folder = os.path.join(build, "bench", "peers")

    def command(self, script, path, out, mode="x"):
        return ["node", os.path.join(self.folder, script), path, out, mode, "2"]

    def run(self, script, path, out, mode="x"):
        return run(self.command(script, path, out, mode), cwd=self.folder)

    def version(self):
        with open(os.path.join(self.folder, "node_modules", "@duckdb", "node-api", "package.json"), encoding="utf-8") as f:
            return "DuckDB " + json.load(f)["version"]


def sorted_lines(path):
    with open(path, "rb") as f:
        return sorted(f.read().splitlines())


def against_wc(report, files, build, rows, rounds):
    """Goal 5: one thread against what only counts line ends."""
    path = files.rows(rows)
    samples = in_turns(rounds, stats=lambda: run(stats_command(build, path)), wc=lambda: run(["wc", "-l", path]))
    times = ratio(samples, "stats", "wc")
    report.say("stats-against-wc", "printed; a scalar parser has no goal here", True, ratio=times, rows=rows,
               bytes=os.path.getsize(path), command=words(stats_command(build, path)), samples=samples,
               version=version(os.path.join(build, "waitlistctl"), "--version"))


def growth(report, files, build, rows, many, rounds):
    """Goal 7: time and memory are linear."""
    small, large = files.rows(rows), files.rows(many)
    samples = in_turns(rounds, small=lambda: run(stats_command(build, small)), large=lambda: run(stats_command(build, large)))
    times, waited = (ratio(samples, "large", "small", key) for key in ("cpu_seconds", "seconds"))
    bytes_a_row = round(statistics.median((b["peak_kib"] - a["peak_kib"]) * 1024 / (many - rows)
                                          for a, b in zip(samples["small"], samples["large"])), 1)
    report.say("stats-growth", f"at most 1.2 x {many / rows:g} times the processor time (it is one thread; a longer run meets "
               "more of what else runs here); printed: bytes a row",
               times <= 1.2 * many / rows, ratio={"cpu_seconds": times, "seconds": waited}, bytes_a_row=bytes_a_row, rows=[rows, many],
               command=words(stats_command(build, large)), samples=samples)


def instructions(report, files, build):
    """Goal 6: by callgrind, which no load disturbs; the slope leaves starting out."""
    counts = []
    for rows in (SMALL, LARGER):
        said = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                               *stats_command(build, files.rows(rows))], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, check=True).stderr
        counts.append(int(re.search(r"refs:\s+([\d,]+)", said)[1].replace(",", "")))
    slope = round((counts[1] - counts[0]) / (LARGER - SMALL))
    report.say("stats-instructions-a-row", f"at most {INSTRUCTIONS_MOST}", slope <= INSTRUCTIONS_MOST, ratio=slope,
               rows=[SMALL, LARGER], samples=counts, version=version("valgrind", "--version"),
               command="valgrind --tool=callgrind " + words(stats_command(build, files.rows(LARGER))))


def against_duckdb(report, files, build, rows, rounds):
    """Goals 1 to 3 at this size: the same table, and time, processor time and memory for it."""
    duck, path = Duckdb(build), files.rows(rows)
    ours, theirs = (os.path.join(files.folder, name) for name in ("ours.csv", "theirs.csv"))
    with open(ours, "wb") as f:
        run(stats_command(build, path), out=f)
    duck.run("duckdb_plain.js", path, theirs, "full")
    assert sorted_lines(ours) == sorted_lines(theirs), "feed stats and the peer give other tables"
    samples = in_turns(rounds, stats=lambda: run(stats_command(build, path)),
                       duckdb=lambda: duck.run("duckdb_tuned.js", path, theirs))
    figures = {key: ratio(samples, "stats", "duckdb", key) for key in ("seconds", "cpu_seconds", "peak_kib")}
    report.say("stats-against-duckdb", "no more time, processor time and half the memory of DuckDB tuned, 2 threads",
               figures["seconds"] <= 1 and figures["cpu_seconds"] <= 1 and figures["peak_kib"] <= 0.5, ratio=figures,
               rows=rows, bytes=os.path.getsize(path), same_table=True, samples=samples, version=duck.version(),
               command=words(stats_command(build, path)) + " | " + words(duck.command("duckdb_tuned.js", path, theirs)))
