"""coverage - the branches that no test took, against the reasons that are on record

    coverage.py BRANCHES.json REASONS.md PATTERN...

BRANCHES.json is gcovr's own form. REASONS.md has a heading "## FILE" for a file, or "## Everywhere",
and under it one line each:

    - `LINE OF SOURCE` - why no test takes its other branch     (as it stands, without its indentation)
    - `/PATTERN/` - the same for every line that the regular expression finds
    - at most N more: why they are not looked at yet

Prints a line for each file that a PATTERN names, each branch without a reason, and each reason that
no longer has a branch. Exit 0, or 1 when a file has more branches without a reason than it may.
Branches inside assert() are not counted: that they are never taken is their sense.
"""
import fnmatch
import json
import re
import sys

REASON = re.compile(r"^- `(.+)` - (\S.*)$")
ALLOWED = re.compile(r"^- at most (\d+) more: (\S.*)$")


def read_reasons(path):
    """file -> ({code: reason}, number allowed)."""
    reasons, where = {}, None
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if line.startswith("## "):
                where = reasons.setdefault(line[3:].strip(), [{}, 0])
            elif where is not None and line.startswith("- "):
                reason, allowed = REASON.match(line), ALLOWED.match(line)
                if allowed:
                    where[1] += int(allowed[1])
                elif reason:
                    where[0][reason[1]] = reason[2]
                else:
                    sys.exit(f"{path}:{number}: neither a reason nor a number: {line}")
    return reasons


def find_reason(code, reasons, used):
    for key in reasons:
        pattern = key[1:-1] if len(key) > 2 and key[0] == key[-1] == "/" else None
        if key == code or (pattern and re.search(pattern, code)):
            used.add(key)
            return True
    return False


def main():
    counted, reasons = sys.argv[1], read_reasons(sys.argv[2])
    with open(counted, encoding="utf-8") as f:
        files = {entry["file"]: entry["lines"] for entry in json.load(f)["files"]}
    everywhere = reasons.get("Everywhere", [{}, 0])[0]
    used_everywhere, failed = set(), False
    print(f"{'file':<38} {'branches':>8} {'taken':>6} {'reason':>6} {'none':>5}")
    for name in sorted(n for n in files if any(fnmatch.fnmatch(n, p) for p in sys.argv[3:])):
        own, allowed = reasons.get(name, [{}, 0])
        with open(name, encoding="utf-8") as f:
            source = f.read().splitlines()
        total = taken = explained = 0
        bare, used = [], set()
        for line in files[name]:
            code = source[line["line_number"] - 1].strip()
            branches = [] if re.search(r"\bassert\(", code) else line.get("branches", [])
            missed = sum(b["count"] == 0 for b in branches)
            total += len(branches)
            taken += len(branches) - missed
            if missed and (find_reason(code, own, used) or find_reason(code, everywhere, used_everywhere)):
                explained += missed
            elif missed:
                bare += [f"    {name}:{line['line_number']}: {missed} of {len(branches)}: {code}"]
        none = total - taken - explained
        print(f"{name:<38} {total:>8} {taken:>6} {explained:>6} {none:>5}{f' of {allowed}' if allowed else ''}")
        print("".join(line + "\n" for line in bare), end="")
        for key in sorted(set(own) - used):
            print(f"    {name}: no such branch any more: {key}")
        failed |= none > allowed
    for pattern in sys.argv[3:]:
        if not any(fnmatch.fnmatch(n, pattern) for n in files):
            print(f"no counts for {pattern}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
