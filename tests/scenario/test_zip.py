"""Row F12 of the fault matrix: a zip with one data file is a feed file like another; every other zip is refused before it costs anything."""
import hashlib
import io
import json
import os
import random
import resource
import shutil
import struct
import subprocess
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from waitlist import MHSDS_HEADER, PATIENCE_S, Instance, run_tests, three, wait_for

GOOD = three(6).encode()
LATER = three(9).encode()


def zipped(*files, method=zipfile.ZIP_DEFLATED, comment=b""):
    """files: (name, bytes); a name that ends in / is a folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, content in files:
            z.writestr(name, content)
        z.comment = comment
    return out.getvalue()


def flagged(archive):
    """The same, said to be encrypted in both of its headers."""
    data = bytearray(archive)
    data[6] |= 1
    data[data.rindex(b"PK\1\2") + 8] |= 1
    return bytes(data)


def claiming(archive, size):
    """The same, said to hold a file of another size."""
    data = bytearray(archive)
    at = data.rindex(b"PK\1\2")
    data[22:26] = data[at + 24:at + 28] = struct.pack("<I", size)
    return bytes(data)


def spoilt(archive):
    """One byte of the packed data flipped."""
    data = bytearray(archive)
    data[len(data) // 3] ^= 0x55
    return bytes(data)


ONE = zipped(("data.csv", GOOD))
ROWS = MHSDS_HEADER.encode() + GOOD.splitlines(keepends=True)[1] * 60_000
NOISE = os.urandom(4000).hex().encode()

OPENED = {
    "one file": ONE,
    "one file in a folder": zipped(("MHSDS/", b""), ("MHSDS/data.csv", GOOD)),
    "one file that is only stored": zipped(("data.csv", GOOD), method=zipfile.ZIP_STORED),
    "one file, and what a Mac adds": zipped(("data.csv", GOOD), ("__MACOSX/._data.csv", b"x"), (".DS_Store", b"x")),
    "one file and a comment": zipped(("data.csv", GOOD), comment=b"from the publisher"),
    "one file whose last line has no end": zipped(("data.csv", GOOD.rstrip(b"\n"))),
}
REFUSED = {
    "two files": (zipped(("a.csv", GOOD), ("b.csv", GOOD)), "2 files"),
    "no file": (zipped(("MHSDS/", b"")), "no data file"),
    "nothing at all": (zipped(), "no data file"),
    "an empty file": (zipped(("data.csv", b"")), "empty"),
    "a zip in a zip": (zipped(("data.zip", ONE)), "zip archive stands where"),
    "a gzip in a zip": (zipped(("data.csv.gz", b"\x1f\x8b\x08\0" + bytes(60))), "gzip"),
    "an encrypted file": (flagged(ONE), "password"),
    "a method that is not read": (zipped(("data.csv", GOOD), method=zipfile.ZIP_LZMA), "method"),
    "bytes after its end": (ONE + b"more", "follow the end"),
    "bytes before its list": (ONE[:4] + ONE, "does not list"),
    "an end that is cut": (ONE[:-9], "cut"),
    "damaged data": (spoilt(zipped(("data.csv", GOOD + NOISE))), "damaged"),
    "a list of many files": (zipped(*((f"{n:06}.csv", b"") for n in range(5000))), "too many files"),
    "a bomb": (zipped(("data.csv", ROWS)), "grows more than"),
    "a bomb that claims to be small": (claiming(zipped(("data.csv", ROWS)), 1000), "zip archive"),
    "a file said to be of 600 MB": (claiming(ONE, 600 << 20), "larger than 256 MB"),
    "a file of a workbook": (zipped(("[Content_Types].xml", b"<T/>"), ("xl/workbook.xml", b"<w/>")), "CSV"),
    "another table": (zipped(("data.csv", b"a,b\n1,2\n")), "header"),
}


def parse(build, w, content, *output):
    def limit():
        if not os.environ.get("WAITLIST_SANITIZED"):
            resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))
    path = w.write("data.zip", content)
    return subprocess.run([os.path.join(build, "waitlistctl"), "feed", "parse", path, "--format", "mhsds",
                           *(output or ("-o", "ndjson"))], capture_output=True, text=True,
                          timeout=60 * PATIENCE_S, preexec_fn=limit)


def test_F12_a_zip_with_one_data_file_gives_the_records_of_that_file(build):
    with Instance(build) as w:
        want = parse(build, w, GOOD)
        assert want.returncode == 0 and len(want.stdout.splitlines()) == 3
        for why, content in OPENED.items():
            got = parse(build, w, content)
            assert (got.returncode, got.stdout, got.stderr) == (0, want.stdout, ""), (why, got.stderr)
        piped = subprocess.run([os.path.join(build, "waitlistctl"), "feed", "parse", "-", "--format", "mhsds"],
                               input=ONE, capture_output=True, timeout=60 * PATIENCE_S)
        assert piped.stdout.decode() == want.stdout, piped.stderr


def test_F12_every_other_zip_is_refused_with_a_reason_and_in_bounded_memory(build):
    with Instance(build) as w:
        for why, (content, says) in REFUSED.items():
            got = parse(build, w, content)
            assert got.returncode == 1 and got.stdout == "", (why, got.returncode, got.stdout[:200])
            assert says in got.stderr.splitlines()[-1] and "error:" in got.stderr, (why, got.stderr[-300:])


def test_a_zip_with_one_byte_flipped_is_refused_or_gives_the_same_records(build):
    chance, same = random.Random(20241001), 0
    with Instance(build) as w:
        want = parse(build, w, GOOD).stdout
        for turn in range(200):
            data = bytearray(OPENED["one file in a folder"])
            place = chance.randrange(len(data))
            data[place] ^= 1 << chance.randrange(8)
            got = parse(build, w, bytes(data))
            assert got.returncode in (0, 1), (turn, place, got.returncode, got.stderr[-300:])
            assert got.stdout == (want if got.returncode == 0 else ""), (turn, place)
            same += got.returncode == 0
    assert same < 100, "names, dates and rights may change; what matters may not"


def receipts(w):
    with open(w.path("state", "journal", "received"), "rb") as f:
        text = f.read().decode(errors="replace")
    decoder, found, at = json.JSONDecoder(), [], text.find('{"outcome"')
    while at >= 0:
        found.append(decoder.raw_decode(text[at:])[0])
        at = text.find('{"outcome"', at + 1)
    return found


def size_of(folder):
    return sum(os.path.getsize(os.path.join(at, n)) for at, _, names in os.walk(folder) for n in names)


def test_the_daemon_takes_a_zip_as_the_file_in_it_and_keeps_the_zip(build):
    archive = zipped(("MHSDS/data_v3.csv", GOOD))
    digest = hashlib.sha256(archive).hexdigest()
    with Instance(build) as plain, Instance(build) as w:
        plain.put("data_v3.csv", GOOD)
        w.put("MHSDS Data.zip", archive)
        for i in (plain, w):
            i.once("2024-06-10")
        seen = [i.look("2024-06-10", lambda i: i.measure()) for i in (plain, w)]
        assert seen[0] == seen[1] and seen[1]["value"] == 6, seen
        (receipt,) = receipts(w)
        assert (receipt["sha256"], receipt["outcome"], receipt["edition"]) == (digest, "accepted", 3), receipt
        with open(w.path("state", "archive", digest[:2], digest), "rb") as f:
            assert f.read() == archive, "the archive holds what came"
        assert w.inbox() == []
        # What is kept is enough to know the same again.
        shutil.rmtree(w.path("state", "redis"))
        w.once("2024-06-11")
        assert w.look("2024-06-11", lambda w: w.measure())["value"] == 6


def test_the_same_zip_sent_again_is_a_duplicate_and_another_restates(build):
    with Instance(build) as w:
        for name, content, day in (("a.zip", ONE, 10), ("b.zip", ONE, 11), ("c.zip", zipped(("x.csv", LATER)), 12)):
            w.put(name, content)
            w.once(f"2024-06-{day}")
            outcome = w.look(f"2024-06-{day}", lambda w: w.ctl("feeds"))[0]["last_outcome"]
            assert outcome.startswith("same as") == (name == "b.zip"), (name, outcome)
        assert w.look("2024-06-12", lambda w: w.measure())["value"] == 9


def test_a_zip_found_at_start_proves_its_end_by_its_last_record(build):
    with Instance(build) as w:
        os.makedirs(w.path("inbox", "cyp4ww"))
        for name, content in (("half.zip", ONE[:-5]), ("whole.zip", ONE)):
            with open(w.path("inbox", "cyp4ww", name), "wb") as f:
                f.write(content)
        w.once("2024-06-10")
        assert w.inbox() == ["half.zip"], "the half of a zip waits for the rest"
        assert w.look("2024-06-10", lambda w: w.measure())["value"] == 6


def test_F12_a_zip_that_is_refused_changes_nothing_and_fills_no_disk(build):
    with Instance(build) as w:
        w.put("good.zip", ONE)
        w.start("2024-06-10")
        wait_for(lambda: w.measure()["value"] == 6, "the good file to be judged")
        for n, (why, (content, says)) in enumerate(REFUSED.items()):
            before = size_of(w.path("state", "archive"))
            w.put(f"bad {n}.zip", content)
            wait_for(lambda: w.inbox() == [], f"{why} to be taken out of the inbox")
            last = receipts(w)[-1]
            assert last["outcome"] == "refused" and says in last["why"], (why, last)
            assert size_of(w.path("state", "archive")) == before, why
            with open(w.path("state", "quarantine", last["sha256"]), "rb") as f:
                assert f.read() == content, why
        m = w.measure()
        assert m["value"] == 6, m
        with open(f"/proc/{w.process.pid}/status", encoding="ascii") as f:
            peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        if not os.environ.get("WAITLIST_SANITIZED") and not os.environ.get("WAITLIST_WRAPPER"):
            assert peak < 200_000, f"peak memory {peak} kB"


if __name__ == "__main__":
    run_tests(globals())
