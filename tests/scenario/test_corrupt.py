"""Broken files: refused, held or set aside, located, state unchanged, memory bounded."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import io
import json
import random
import resource
import subprocess
import tempfile
import zipfile

from waitlist import Instance, MHSDS_HEADER, ROOT, PATIENCE_S, mhsds, run_tests, three, wait_for

GOOD = three(6)
LARGE = mhsds(["2024-04"], {"2024-04": {("TAJ", f"MRS{n:03}"): n for n in range(200)}})


def parse(build, content, fmt="mhsds", memory_mb=None, output=("-o", "ndjson")):
    """waitlistctl feed parse on a file; returns (exit, stdout, stderr, peak kB)."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
        f.flush()

        def limit():
            if memory_mb and not os.environ.get("WAITLIST_SANITIZED"):
                resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
        p = subprocess.run([os.path.join(build, "waitlistctl"), "feed", "parse", f.name, "--format", fmt, *output],
                           capture_output=True, text=True, errors="replace", timeout=60 * PATIENCE_S,
                           preexec_fn=limit)
        return p.returncode, p.stdout, p.stderr.replace(f.name, "FILE"), f.name


def refused(build, content, why, located=True, **more):
    code, out, err, _ = parse(build, content, **more)
    assert code == 1, f"{why}: exit {code}, not 1: {err[:500]}"
    assert out == "", f"{why}: printed {len(out)} characters of a refused file"
    assert "error:" in err and (not located or "FILE:" in err), f"{why}: {err[:500]}"
    return err


def workbook():
    """The members by which a spreadsheet program's file is known."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", "<Types/>")
        z.writestr("xl/workbook.xml", "<workbook/>")
        z.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    return out.getvalue()


WHOLE_FILES = {
    "an empty file": (b"", False),
    "a NUL byte": (GOOD.replace("MRS08b", "MRS\0b", 1).encode(), True),
    "UTF-16 with a mark": (GOOD.encode("utf-16"), False),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), False),
    "an unknown header": (b"a,b,c\n1,2,3\n", True),
    "a header with a column missing": (GOOD.replace(",MEASURE_VALUE\n", "\n", 1).encode(), True),
    "a workbook": (workbook(), False),
    "an old workbook": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), False),
    "a gzip": (b"\x1f\x8b\x08\x00" + bytes(40), False),
    "an open quote": (GOOD.encode() + b'01/02/2024,30/04/2024,Performance,Provider,TAJ,"open', True),
    "4,097 columns": (("x," * 4097 + "\n").encode(), True),
}


def test_whole_file_faults_are_refused_with_nothing_on_stdout(build):
    for why, (content, _) in WHOLE_FILES.items():
        refused(build, content, why)


def test_a_workbook_is_told_how_to_mend_it(build):
    said = refused(build, WHOLE_FILES["a workbook"][0], "a workbook")
    assert "CSV" in said and "save" in said.lower(), said


def test_a_field_of_50_mb_is_refused_in_bounded_memory(build):
    field = b"x" * (50 << 20)
    for content in (MHSDS_HEADER.encode() + b"01/02/2024," + field + b"\n", field, b'"' + field):
        refused(build, content, "50 MB field", memory_mb=300)


def test_a_row_of_a_million_columns_is_refused_in_bounded_memory(build):
    refused(build, MHSDS_HEADER.encode() + b"," * 1_000_000 + b"\n", "million columns", memory_mb=300)
    refused(build, b"a," * 1_000_000 + b"\n", "million header columns", memory_mb=300)


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def test_a_file_cut_anywhere_is_refused_or_loses_only_its_tail_and_invents_nothing(build):
    data = GOOD.encode()
    code, out, _, _ = parse(build, data)
    whole = records(out)
    assert code == 0 and len(whole) == 3
    for cut in sorted(set(range(0, len(data), 17)) | set(range(len(data) - 12, len(data)))):
        code, out, err, _ = parse(build, data[:cut])
        assert code in (0, 1), f"cut at {cut}: exit {code}"
        if code == 1:
            assert out == "" and err, f"cut at {cut}"
            continue
        got = records(out)
        if data[cut - 1:cut] == b"\n" or cut == len(data):
            assert got == whole[:len(got)], f"cut at {cut}: {got}"
        else:  # the last row may be short: set aside, or whole but for its line end
            assert got[:-1] == whole[:max(len(got) - 1, 0)], f"cut at {cut}"


def test_a_flipped_byte_never_crashes_and_what_is_accepted_accounts_for_every_row(build):
    chance = random.Random(20241001)
    data = bytearray(LARGE.encode())
    for turn in range(60):
        copy = bytearray(data)
        place = chance.randrange(len(copy))
        copy[place] ^= 1 << chance.randrange(8)
        code, out, err, _ = parse(build, bytes(copy), output=("--summary",))
        assert code in (0, 1), f"turn {turn}, byte {place}: exit {code}: {err[-400:]}"
        if code == 0:
            s = json.loads(out)
            assert s["accepted"] + sum(s["set_aside"].values()) == s["rows"], s
        else:
            assert "error:" in err, f"turn {turn}, byte {place}: {err}"


def test_a_row_that_is_neither_number_nor_marker_is_set_aside_and_the_rest_stands(build):
    text = LARGE.replace(",17\n", ",seventeen\n")
    code, out, err, _ = parse(build, text)
    assert code == 0 and len(records(out)) == 199, (code, len(records(out)))
    assert "bad-number" in err and "seventeen" not in err, "reason and place, never the content"


def state_of(w):
    """All but `held`: a refused file may hold its feed's measures, and may change no figure."""
    m = w.measure()
    del m["held"]
    return m, [(a["alert_id"], a["state"], a["value"]) for a in w.alerts("behind-plan")]


def test_none_of_them_changes_what_is_known(build):
    with Instance(build) as w:
        w.put("good.csv", GOOD)
        w.start("2024-06-10")
        before = state_of(w)
        for n, (why, (content, _)) in enumerate(WHOLE_FILES.items()):
            w.put(f"bad {n}.csv", content)
            wait_for(lambda: w.inbox() == [], f"{why} to be taken out of the inbox", 20)
            assert state_of(w) == before, f"{why}: {state_of(w)} was {before}"
        w.put("huge.csv", MHSDS_HEADER.encode() + b"x" * (50 << 20) + b"\n")
        wait_for(lambda: w.inbox() == [], "the 50 MB field to be taken", 40)
        assert state_of(w) == before
        with open(f"/proc/{w.process.pid}/status", encoding="ascii") as f:
            peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        if not os.environ.get("WAITLIST_SANITIZED") and not os.environ.get("WAITLIST_WRAPPER"):
            assert peak < 200_000, f"peak memory {peak} kB"
        w.put("next.csv", three(4, "2024-05"))
        wait_for(lambda: w.measure()["value"] == 4, "the next good file to be judged as ever")


def test_a_refused_file_reaches_a_person_and_says_why(build):
    with Instance(build) as w:
        w.put("good.csv", GOOD)
        w.start("2024-06-10")
        w.measure()
        wait_for(w.mails, "the first mail")
        w.put("sheet.xlsx", WHOLE_FILES["a workbook"][0])
        wait_for(lambda: w.inbox() == [], "the workbook to be taken")
        wait_for(lambda: any("CSV" in m.text for m in w.mails()), "a mail that says what mends it", 30)


def test_a_file_with_over_one_percent_set_aside_is_held_for_a_person(build):
    bad = LARGE.replace(",17\n", ",?\n").replace(",18\n", ",?\n").replace(",19\n", ",?\n")
    code, out, err, _ = parse(build, bad)
    assert code == 0 and out and "held" in err, err
    with Instance(build) as w:
        w.put("good.csv", GOOD)
        w.once("2024-06-10")
        told = len(w.mails())
        w.put("bad.csv", three(99).replace(",7\n", ",seven\n"))
        w.once("2024-06-11")
        m, alerts = w.look("2024-06-11", lambda w: (w.measure(), w.ctl("alerts")))
        assert m["value"] == 6, "a held file is not current"
        assert any(a["rule"] == "implausible-change" for a in alerts), alerts
        assert len(w.mails()) > told


def test_a_file_without_proof_of_its_end_waits(build):
    with Instance(build) as w:
        os.makedirs(w.path("inbox", "cyp4ww"))
        with open(w.path("inbox", "cyp4ww", "a.csv"), "w", encoding="utf-8") as f:
            f.write(GOOD.rstrip("\n"))
        w.once("2024-06-10")
        assert w.inbox() == ["a.csv"], "left where it lies"
        assert w.look("2024-06-10", lambda w: w.inbox()) == ["a.csv"]


def test_the_published_samples_cut_in_half_never_crash(build):
    folder = os.path.join(ROOT, "config", "demo", "feeds")
    formats = {"cyp4ww": "mhsds", "chs": "chs-sitrep", "sen2": "sen2"}
    seen = 0
    for feed, fmt in formats.items():
        for name in sorted(os.listdir(os.path.join(folder, feed)))[:3]:
            with open(os.path.join(folder, feed, name), "rb") as f:
                data = f.read()
            for part in (3, 2, 1.5, 1.1):
                code, out, err, _ = parse(build, data[:int(len(data) / part)], fmt=fmt)
                assert code in (0, 1) and (code == 0 or (out == "" and err)), (name, part, code, err[:300])
                seen += 1
    assert seen > 0


def test_the_ceilings_are_where_they_are_said_to_be(build):
    row = three(17).splitlines()[-1].split(",")
    name = row.index("NAME OF TAJ")
    for size, code in ((1 << 20, 0), ((1 << 20) + 1, 1)):
        row[name] = "x" * size
        assert parse(build, MHSDS_HEADER + ",".join(row) + "\n")[0] == code, size
    header, cells = MHSDS_HEADER.rstrip("\n"), three(17).splitlines()[-1]
    for columns, code in ((4096, 0), (4097, 1)):
        more = columns - header.count(",") - 1
        text = header + "".join(f",m{i}" for i in range(more)) + "\n" + cells + "," * more + "\n"
        assert parse(build, text)[0] == code, columns


def test_a_last_row_that_was_cut_is_not_filled_up_with_blanks(build):
    # Short rows are padded in this format, so only the missing line end tells a cut one.
    whole = ("\"Total waiting list by service, April 2024\",,,,\r\n"
             "Organisation Type,Organisation Code,Organisation Name,(A) Audiology,(CYP) Audiology\r\n"
             "Provider,TAJ,ONE,1,2\r\nProvider,RNA,TWO,3\r\nProvider,RL4,THREE,4,5\r\n")
    for cut, rows in ((0, 3), (4, 2), (6, 2)):
        code, out, err, _ = parse(build, whole[:len(whole) - cut] if cut else whole, fmt="chs-sitrep")
        assert code == 0 and len(records(out)) == 2 * rows, (cut, out, err)
        assert ("short-row" in err) == bool(cut), err


if __name__ == "__main__":
    run_tests(globals())
