"""coverage - the branches that no test took, against the reasons that are on record

    coverage.py BRANCHES.json REASONS.md PATTERN...

BRANCHES.json is gcovr's own form. REASONS.md has a heading "## FILE" for a file, and under it one line each:

    - `FUNCTION: LINE OF SOURCE` - why no test takes its other branch     (the line without its indentation)
    - `FUNCTION: LINE OF SOURCE` (N) - the same of at most N branches in lines of that text in that function

Prints a line for each file that a PATTERN names, each branch without a reason, and each reason that
no longer has a branch. Exit 0, or 1 when a branch has no reason. Branches inside assert() are not
counted: that they are never taken is their sense.
"""
import bisect
import fnmatch
import json
import re
import sys

REASON = re.compile(r"^- `(\w+: .+)`(?: \((\d+)\))? - \S")


def read_reasons(path):
    """file -> {"function: line of source": how many branches}."""
    reasons, of_file = {}, None
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if line.startswith("## "):
                of_file = reasons.setdefault(line[3:].strip(), {})
            elif of_file is not None and line.startswith("- "):
                reason = REASON.match(line)
                if not reason:
                    sys.exit(f"{path}:{number}: no reason: {line}")
                of_file[reason[1]] = int(reason[2] or 1)
    return reasons


class Missed:
    """The branches of one file that no test took, by function and line of source."""

    def __init__(self, name, counted):
        with open(name, encoding="utf-8") as f:
            source = f.read().splitlines()
        functions = sorted((f["lineno"], f["name"]) for f in counted["functions"])
        starts = [start for start, _ in functions]
        self.total, self.by_key, self.where = 0, {}, {}
        for line in counted["lines"]:
            number = line["line_number"]
            code = source[number - 1].strip()
            branches = [] if re.search(r"\bassert\(", code) else line.get("branches", [])
            missed = sum(b["count"] == 0 for b in branches)
            self.total += len(branches)
            if missed:
                key = f"{functions[bisect.bisect(starts, number) - 1][1]}: {code}"
                self.by_key[key] = self.by_key.get(key, 0) + missed
                self.where.setdefault(key, []).append(f"{name}:{number}: {missed} of {len(branches)}")


def main():
    counted, reasons = sys.argv[1], read_reasons(sys.argv[2])
    with open(counted, encoding="utf-8") as f:
        files = {entry["file"]: entry for entry in json.load(f)["files"]}
    failed = False
    print(f"{'file':<38} {'branches':>8} {'taken':>6} {'reason':>6} {'none':>5}")
    for name in sorted(n for n in files if any(fnmatch.fnmatch(n, p) for p in sys.argv[3:])):
        own, missed = reasons.get(name, {}), Missed(name, files[name])
        bare = {key: n for key, n in missed.by_key.items() if n > own.get(key, 0)}
        none, all_missed = sum(bare.values()), sum(missed.by_key.values())
        print(f"{name:<38} {missed.total:>8} {missed.total - all_missed:>6} {all_missed - none:>6} {none:>5}")
        for key in bare:
            print("".join(f"    {where}: {key}\n" for where in missed.where[key]), end="")
        for key in sorted(set(own) - set(missed.by_key)):
            print(f"    {name}: no such branch any more: {key}")
        failed |= none > 0
    for pattern in sys.argv[3:]:
        if not any(fnmatch.fnmatch(n, pattern) for n in files):
            print(f"no counts for {pattern}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
