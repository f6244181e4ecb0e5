"""Rows F of the fault matrix: what files can be, and what a disk can do. What was acknowledged is in the archive and
takes effect once; what is doubtful changes nothing and a person is told."""
import contextlib
import errno
import glob
import hashlib
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import threading
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faults import some
from seam import Seam
from waitlist import FEED_CYP, Instance, measure, mhsds, plan, run_tests, skip, three, wait_for


def known(w):
    """What is in force: value, RAG, periods and versions."""
    m = w.ctl("measure", "cyp-4w")
    return (m["value"], m["rag"], [(p["period_end"], p["value"], len(p["versions"])) for p in m["history"]])


def archived(w):
    return sorted(os.path.basename(p) for p in glob.glob(w.path("state", "archive", "**", "*"), recursive=True)
                  if os.path.isfile(p))


def receipts(w):
    with open(w.path("state", "journal", "received"), "rb") as f:
        return f.read().splitlines()


def test_F1_a_file_still_growing_is_not_taken_before_its_end_is_proven(build):
    whole = three(6).encode()
    with Instance(build) as w:
        w.start("2024-06-10")
        path = w.path("inbox", "cyp4ww", "a.csv")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb", buffering=0) as f:
            for at in range(0, len(whole), 100):
                f.write(whole[at:at + 100])
                assert w.ctl("feeds")[0]["files"] == 0, "taken while it grew"
        assert w.ctl("feeds")[0]["files"] == 0, "a written file is still for 30 s before it counts"
        os.rename(path, w.path("inbox", "cyp4ww", "b.csv"))
        wait_for(lambda: w.ctl("feeds")[0]["files"] == 1, "the renamed file to be taken")
        assert w.measure()["value"] == 6


def test_F2_a_file_cut_at_any_byte_leaves_the_old_state(build):
    good, later = three(6).encode(), three(45, month="2024-05").encode()
    first = later.index(b"\n") + 1
    with Instance(build) as w:
        w.put("a.csv", good)
        w.once("2024-06-10")
        before = w.look("2024-06-10", known)
        for k in some(range(1, len(later)), 12, 0.03):
            path = w.path("inbox", "cyp4ww", "cut.csv")
            w.write(os.path.join("inbox", "cyp4ww", "cut.csv"), later[:k])  # no rename, so no proof of its end
            w.run("--once", "--at", "2024-06-10")
            whole_rows = later[:k].endswith(b"\n") and k > first
            if not whole_rows:
                # Without a last line end it waits; a header or banner alone is refused or held.
                assert w.look("2024-06-10", known) == before, (k, later[max(0, k - 30):k])
            else:
                shutil.rmtree(w.path("state"))
                w.put("a.csv", good)
                w.once("2024-06-10")
            if os.path.exists(path):
                os.unlink(path)


def test_F2_an_open_quote_is_refused(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        before = w.look("2024-06-10", known)
        w.put("b.csv", three(45, month="2024-05") + "01/05/2024,\"31/05/2024,Performance\n")
        w.run("--once", "--at", "2024-06-10")
        assert w.look("2024-06-10", known) == before
        assert "b.csv" not in w.inbox(), "it is in the quarantine"


def test_F3_the_same_content_under_another_name_changes_nothing(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        before, told, files = w.look("2024-06-10", known), len(w.mails()), archived(w)
        w.put("other.csv", three(6))
        w.once("2024-06-11")
        assert w.look("2024-06-11", known) == before and len(w.mails()) == told and archived(w) == files
        feed = w.look("2024-06-11", lambda w: w.ctl("feeds")[0])
        assert "same as" in feed["last_outcome"] and "2024-06-10" in feed["last_received"], feed


def test_F4_the_same_name_with_new_content_is_a_new_version_and_both_are_kept(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        w.put("a.csv", three(45))
        w.once("2024-06-11")
        value, _, history = w.look("2024-06-11", known)
        assert value == 45 and history == [("2024-04-30", 45, 2)], history
        assert len(receipts(w)) == 2
        for content in (three(6), three(45)):
            assert hashlib.sha256(content.encode()).hexdigest() in archived(w), "both are kept"


def test_F5_an_older_edition_after_a_newer_is_recorded_and_not_current(build):
    with Instance(build) as w:
        w.put("final.csv", three(45, status="Final"))
        w.once("2024-06-10")
        w.put("performance.csv", three(6))
        w.once("2024-06-11")
        value, _, history = w.look("2024-06-11", known)
        assert value == 45 and history == [("2024-04-30", 45, 2)], history
        assert not w.mails(), "an older edition raises nothing"


def test_F6_a_restatement_that_adds_or_removes_a_breach_names_the_first_and_deletes_nothing(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        first = w.mails()
        assert len(first) == 1
        w.put("b.csv", three(45, status="Final"))
        w.once("2024-06-12")
        w.once("2024-06-13")
        later = w.mails()[1:]
        assert len(later) == 1 and "orrected" in later[0].text, [m.text for m in later]
        assert "an earlier figure, 6%" in later[0].text, later[0].text
        assert later[0].message["In-Reply-To"] == first[0].message["In-Reply-To"], "one thread"
        history = w.look("2024-06-13", known)[2]
        assert history == [("2024-04-30", 45, 2)], "both versions are kept"
        w.put("c.csv", three(6, month="2024-05"))
        w.once("2024-06-20")
        assert len(w.mails()) == 3, "a breach that a later file brings is told"


def test_F7_a_silent_feed_is_told_when_its_grace_has_passed_and_its_end_is_told(build):
    with Instance(build) as w:
        w.put("a.csv", three(45))
        w.once("2024-06-10")
        w.once("2024-07-15")  # 31 May and 45 days: the last day in time
        assert not [m for m in w.mails() if "late" in m.subject.lower()], [m.subject for m in w.mails()]
        w.once("2024-07-16")
        late = w.look("2024-07-16", lambda w: w.alerts("feed-late"))
        assert len(late) == 1 and late[0]["state"] == "FIRING", late
        told = len(w.mails())
        assert told >= 1
        w.put("b.csv", three(45, month="2024-05"))
        w.once("2024-07-17")
        w.once("2024-07-18")
        assert w.look("2024-07-18", lambda w: w.alerts("feed-late"))[0]["state"] == "RESOLVED"
        assert len(w.mails()) > told, "whoever was told it began is told it ended"


def test_F9_columns_are_found_by_name_and_a_missing_one_is_named(build):
    rows = [line.split(",") for line in three(6).splitlines()]
    turned = "\n".join(",".join(reversed(r + ["extra" if n == 0 else "x"])) for n, r in enumerate(rows)) + "\n"
    with Instance(build) as w:
        w.put("turned.csv", turned)
        w.once("2024-06-10")
        assert w.look("2024-06-10", known)[0] == 6
        w.put("missing.csv", "\n".join(",".join(r[:10]) for r in rows) + "\n")
        w.run("--once", "--at", "2024-06-11")
        feed = w.look("2024-06-11", lambda w: w.ctl("feeds")[0])
        assert "MEASURE_VALUE" in feed["held_file"], feed
        w.put("renamed.csv", three(7).replace("MEASURE_VALUE", " measure_Value ", 1))
        w.once("2024-06-12")
        assert w.look("2024-06-12", known)[0] == 7, "case and blanks are folded"


def test_F10_bom_and_crlf_are_fine_and_nul_and_utf16_are_refused_with_their_place(build):
    with Instance(build) as w:
        w.put("bom.csv", b"\xef\xbb\xbf" + three(6).replace("\n", "\r\n").encode())
        w.once("2024-06-10")
        before = w.look("2024-06-10", known)
        assert before[0] == 6
        text = three(45, month="2024-05")
        w.start("2024-06-11")
        for name, content, said in (("nul.csv", text.replace("TAJ", "T\0J", 1).encode(), "NUL"),
                                    ("wide.csv", text.encode("utf-16"), "UTF-16")):
            w.put(name, content)
            wait_for(lambda: name in (w.ctl("feeds")[0]["held_file"] or ""), f"{name} to be refused")
            assert known(w) == before and said in w.ctl("feeds")[0]["held_file"], w.ctl("feeds")[0]
            r = subprocess.run([os.path.join(build, "waitlistctl"), "feed", "parse", w.write(name, content), "--format",
                                "mhsds"], capture_output=True, text=True)
            assert r.returncode == 1 and re.search(r":\d+|byte|offset", r.stderr), r.stderr
        w.stop()
        bad = text.replace("NAME OF TAJ", "NAME \xff").encode("latin-1")
        w.put("bad.csv", bad)
        w.once("2024-06-12")
        assert w.look("2024-06-12", known)[0] == 45, "bad UTF-8 in a descriptive column is replaced"


def test_F11_a_huge_file_is_streamed_in_bounded_memory(build):
    header, row = three(6).splitlines()[0], three(6).splitlines()[1]
    size_mb = 200 if os.environ.get("WAITLIST_FULL") == "1" else 40
    if os.environ.get("WAITLIST_WRAPPER") or os.environ.get("WAITLIST_SANITIZED"):
        skip("memory is not the program's own under valgrind or a sanitizer")
    with Instance(build) as w:
        path = w.path("big.csv")
        with open(path, "w", encoding="ascii") as f:
            f.write(header + "\n")
            block = "".join(row.replace("England", f"X{n:05}") + "\n" for n in range(10000))
            for _ in range(size_mb * 1000000 // len(block) + 1):
                f.write(block)
        os.makedirs(w.path("inbox", "cyp4ww"), exist_ok=True)
        os.rename(path, w.path("inbox", "cyp4ww", "big.csv"))
        w.start("2024-06-10")
        wait_for(lambda: w.ctl_raw("feeds").returncode == 0 and w.ctl("feeds")[0]["last_outcome"], "the file to be judged",
                 120)
        with open(f"/proc/{w.process.pid}/status", encoding="ascii") as f:
            peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        assert peak < 150_000, f"{peak} kB"


def test_F11_a_field_of_two_megabytes_and_a_row_of_5000_columns_are_refused(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        before = w.look("2024-06-10", known)
        for name, content in (("field.csv", three(45).replace("NAME OF TAJ", "x" * (2 << 20))),
                              ("columns.csv", three(45) + "," * 5000 + "\n")):
            w.put(name, content)
            w.run("--once", "--at", "2024-06-10")
            assert w.look("2024-06-10", known) == before, name


def test_F13_a_cell_that_a_spreadsheet_would_calculate_is_text_with_an_apostrophe_in_csv(build):
    for first in "=+-@\t":
        with Instance(build, plan_text=plan(measures=measure(title=f"\"{first}cmd\"".replace("\t", "\\t")))) as w:
            if w.run("--check").returncode == 78:
                continue
            w.put("a.csv", three(6))
            w.start("2024-06-10")
            out = w.ctl_raw("measures", output="csv").stdout
            assert f"'{first}cmd" in out and not re.search(rf"(^|,)\"?{re.escape(first)}cmd", out, re.M), out


def test_F14_a_name_that_is_no_plain_name_is_skipped_and_counted(build):
    with Instance(build) as w:
        folder = w.path("inbox", "cyp4ww")
        os.makedirs(folder)
        for name in ("-rf.csv", ".hidden.csv", "a\nb.csv", "x\x07.csv", "half.csv.part", b"\xff.csv"):
            path = os.path.join(os.fsencode(folder), os.fsencode(name) if isinstance(name, str) else name)
            with open(path, "wb") as f:
                f.write(three(45).encode())
        w.start("2024-06-10")
        w.measure()
        assert w.ctl("feeds")[0]["files"] == 0 and len(os.listdir(folder)) == 6
        wait_for(lambda: "names passed over: " in w.log(), "the names to be counted")
        assert all("\x07" not in line and line.startswith("waitlistd") for line in w.log().splitlines()), w.log()


def test_F15_links_fifos_and_devices_are_never_opened(build):
    with Instance(build) as w:
        folder = w.path("inbox", "cyp4ww")
        os.makedirs(folder)
        outside = w.write("outside.csv", three(45))
        os.symlink(w.write("beside.csv", three(45)), os.path.join(folder, "symlink.csv"))  # with no second name
        os.link(outside, os.path.join(folder, "hard.csv"))
        os.mkfifo(os.path.join(folder, "fifo.csv"))
        os.mkdir(os.path.join(folder, "folder.csv"))
        try:
            os.mknod(os.path.join(folder, "zero.csv"), stat.S_IFCHR | 0o600, os.makedev(1, 5))
        except PermissionError:
            pass
        w.start("2024-06-10")
        w.put("good.csv", three(6))
        wait_for(lambda: w.ctl("feeds")[0]["files"] == 1, "the good file")
        assert w.measure()["value"] == 6 and os.path.exists(outside)
        assert len(receipts(w)) == 1, receipts(w)
        assert set(w.inbox()) >= {"symlink.csv", "hard.csv", "fifo.csv", "folder.csv"}


def test_F15_a_name_swapped_between_look_and_open_never_leads_outside(build):
    with Instance(build) as w:
        folder = w.path("inbox", "cyp4ww")
        os.makedirs(folder)
        outside = w.write("outside.csv", three(45))
        good = w.write("good.csv", three(6))
        stop = threading.Event()

        def swap():
            name, beside = os.path.join(folder, "a.csv"), w.path("beside")
            while not stop.is_set():
                os.symlink(outside, beside)
                os.rename(beside, name)
                shutil.copy(good, beside)
                os.rename(beside, name)

        thread = threading.Thread(target=swap)
        thread.start()
        try:
            for day in range(10, 16):
                w.run("--once", "--at", f"2024-06-{day}")
        finally:
            stop.set()
            thread.join()
        assert w.look("2024-06-20", lambda w: w.measure()["value"]) in (6, None)
        assert os.path.exists(outside)


def test_F16_the_bytes_hashed_are_the_bytes_parsed_though_the_file_changes(build):
    with Instance(build) as w:
        folder = w.path("inbox", "cyp4ww")
        os.makedirs(folder)
        path = os.path.join(folder, "a.csv")
        # A long file, of which only the last month is ever rewritten: reading takes longer than that.
        header, _, rows = three("05", "2023-12").encode().partition(b"\n")
        texts = [three(f"{n:02}", f"2024-0{n % 5 + 1}").encode().partition(b"\n")[2] for n in range(10, 60)]
        start = header + b"\n" + rows * 3000
        stop = threading.Event()

        def rewrite():
            n = 0
            while not stop.is_set():
                fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
                if os.fstat(fd).st_size == 0:
                    os.pwrite(fd, start, 0)
                os.pwrite(fd, texts[n % len(texts)], len(start))
                os.close(fd)
                n += 1

        thread = threading.Thread(target=rewrite)
        thread.start()
        try:
            for _ in range(6):
                w.run("--once", "--at", "2024-06-10")
        finally:
            stop.set()
            thread.join()
        if os.path.exists(path):
            os.unlink(path)
        w.start("2024-06-11")
        value = w.measure()["value"]
        kept = {p["value"] for p in w.ctl("measure", "cyp-4w")["history"]}
        w.stop()
        found = set()
        for name in glob.glob(w.path("state", "archive", "**", "*"), recursive=True):
            if os.path.isfile(name):
                with open(name, "rb") as f:
                    content = f.read()
                try:
                    content = zlib.decompress(content, 47)
                except zlib.error:
                    pass
                found |= {float(x) for x in re.findall(rb",TAJ,.*,([\d.]+)\r?\n", content)}
        for r in receipts(w):  # what was judged at the first pass is what was kept
            sha = re.search(rb'"sha256":"(\w+)"', r)[1].decode()
            with open(w.path("state", "archive", sha[:2], sha), "rb") as f:
                ends = re.findall(rb"\n[\d/]+,(\d\d)/(\d\d)/(\d{4}),", f.read())
            newest = max(b"-".join(reversed(end)) for end in ends)
            assert b'"newest":"%s"' % newest in r, (r, newest)
        assert value is None or (value in found and kept <= found), (value, kept, found)


def test_F17_a_file_that_may_not_be_read_stays_and_is_told(build):
    with Instance(build) as w:
        w.put("a.csv", three(6))
        path = w.path("inbox", "cyp4ww", "a.csv")
        os.chmod(path, 0)
        argv = w._argv("--once", "--at", "2024-06-10")
        if os.geteuid() == 0:  # root reads everything unless that is taken from it
            argv = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search",
                    "--", *argv]
        r = subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd=w.folder)
        assert w.inbox() == ["a.csv"] and "Permission denied" in r.stderr, r.stderr
        assert any("Permission denied" in m.text for m in w.mails()), [m.text for m in w.mails()]
        os.chmod(path, 0o600)
        w.once("2024-06-11")
        assert w.look("2024-06-11", known)[0] == 6 and not w.inbox()


def test_F17_reading_that_fails_three_times_is_told_and_the_file_stays(build):
    if os.geteuid() != 0:
        skip("mounting wants root")
    with Instance(build) as w:
        folder, mounted = w.path("inbox", "cyp4ww"), []
        os.makedirs(folder)
        try:
            for n in range(3):  # /proc/PID/mem is a regular file whose first byte cannot be read: EIO
                path = w.write(os.path.join(folder, f"{n}.csv"), "")
                r = subprocess.run(["mount", "--bind", f"/proc/{os.getpid()}/mem", path], capture_output=True, text=True)
                if r.returncode != 0:
                    skip(f"no mount here: {r.stderr.strip()}")
                mounted.append(path)
            for path in mounted:
                w.write(path + ".ok", "")
            r = w.run("--once", "--at", "2024-06-10")
            assert r.returncode == 1 and "Input/output error" in r.stderr, r.stderr
            assert all(os.path.exists(p) for p in mounted), "still there"
            assert any("cannot be read" in m.text for m in w.mails()), [m.text for m in w.mails()]
        finally:
            for path in mounted:
                subprocess.run(["umount", path], check=True)


@contextlib.contextmanager
def on_small_disk(w):
    """The state folder as a disk of 3 MB."""
    if os.geteuid() != 0:
        skip("mounting a small file system wants root")
    os.makedirs(w.path("state"))
    r = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", w.path("state")],
                       capture_output=True, text=True)
    if r.returncode != 0:
        skip(f"no mount here: {r.stderr.strip()}")
    try:
        yield
    finally:
        w.stop()
        subprocess.run(["umount", w.path("state")], check=True)


def fill(path):
    """Until not one byte more fits."""
    with open(path, "wb", buffering=0) as f:
        n = 1 << 20
        while n:
            try:
                f.write(b"x" * n)
            except OSError:
                n //= 2


def test_F18_a_full_disk_acknowledges_nothing_and_deliveries_go_on(build):
    with Instance(build) as w, on_small_disk(w):
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        told = len(w.mails())
        assert told == 1
        before = len(receipts(w))
        orgs = [f"R{n:05}" for n in range(60000)]
        big = three(45, month="2024-05") + "".join(
            f"01/03/2024,31/05/2024,Performance,Provider,{o},N,NONE,NONE,MRS08b,P,{n % 97}\n" for n, o in enumerate(orgs))
        w.put("b.csv", big)
        w.start("2024-06-11")
        wait_for(lambda: "space" in w.ctl("status")["status"], "the full disk to be said")
        assert w.inbox() == ["b.csv"] and len(receipts(w)) == before, "nothing was acknowledged"
        assert w.ctl_raw("health").returncode == 2
        assert w.measure()["value"] == 6
        w.stop()
        os.unlink(w.path("inbox", "cyp4ww", "b.csv"))
        w.put("c.csv", three(45, month="2024-05"))
        w.once("2024-06-12")
        w.once("2024-06-13")
        assert w.look("2024-06-13", known)[0] == 45
        assert len(w.mails()) == told + 1, "its end is told"


def test_F18_what_a_full_disk_kept_off_the_record_is_written_when_there_is_room(build):
    def configured(w):
        with open(w.path("state", "journal", "audit"), encoding="utf-8") as f:
            return [line for line in f if '"configured":"cyp4ww"' in line]

    with Instance(build) as w:
        seam = Seam(build, w.folder, rules=[f"fail write,pwrite 1 {errno.ENOSPC} @/state/fence"])
        w.start("2024-06-10", env=seam.env())
        wait_for(lambda: configured(w), "the feed's first day on record", 60)
        assert seam.struck() == 1, "the disk was full when the feed was to be noted"
        assert "the fence number cannot be kept" in w.log() and '"on":"2024-06-10"' in configured(w)[0]


def test_F18_a_start_on_a_full_disk_stays_up_says_so_and_goes_on_when_there_is_room(build):
    with Instance(build) as w, on_small_disk(w):
        w.put("a.csv", three(6))
        w.once("2024-06-10")
        fill(w.path("state", "filler"))
        w.start("2024-06-11")
        health = wait_for(lambda: (h := w.ctl_raw("health", output="table")).returncode == 2 and "disk" in h.stdout and h,
                          "the full disk to be said")
        assert "full: make room" in health.stdout and "0 red" not in health.stdout, health.stdout
        os.unlink(w.path("state", "filler"))
        wait_for(lambda: w.ctl_raw("health").returncode == 0, "it to go on", 60)
        w.put("b.csv", three(70, month="2024-05"))
        wait_for(lambda: w.measure()["value"] == 70 and len(w.mails()) == 2, "files to count", 60)


def test_F19_a_failed_sync_is_never_tried_again_nothing_is_acknowledged_and_the_next_start_recovers(build):
    for call in ("fsync", "fdatasync"):
        with Instance(build) as w:
            w.once("2024-06-10")  # so that the calls that follow are those of a file
            n = 0
            while True:
                n += 1
                shutil.rmtree(w.path("state-copy"), ignore_errors=True)
                shutil.copytree(w.path("state"), w.path("state-copy"))
                w.put("a.csv", three(6))
                seam = Seam(build, w.folder, rules=[f"fail {call} {n} {errno.EIO}"])
                r = w.run("--once", "--at", "2024-06-10", env={**os.environ, **seam.env()})
                if seam.struck() == 0:
                    break
                acknowledged = [line for line in receipts(w) if b"a.csv" in line]
                assert w.inbox() == ["a.csv"] or acknowledged, (call, n, r.stderr[-800:])
                assert r.returncode == 1 or acknowledged, (call, n, r.stderr[-800:])
                w.once("2024-06-11")
                assert w.look("2024-06-11", known)[0] == 6 and not w.inbox(), (call, n)
                assert len({m.delivery_id for m in w.mails()}) == len(w.mails()) == 1, (call, n)
                for m in glob.glob(w.path("spool", "*")):
                    os.unlink(m)
                shutil.rmtree(w.path("state"))
                os.rename(w.path("state-copy"), w.path("state"))
            assert n > 1, f"no {call} was met"


def test_F20_a_torn_tail_is_cut_and_damage_inside_stops_with_its_place(build):
    with Instance(build) as w:
        for n, day in enumerate(("10", "11", "12"), 1):
            w.put(f"{n}.csv", three(5 + n, month=f"2024-0{n}"))
            w.once(f"2024-06-{day}")
        path = w.path("state", "journal", "received")
        with open(path, "rb") as f:
            good = f.read()
        last = good.rstrip(b"\n").rindex(b"\n") + 1
        for at in some(range(len(good)), 40):
            for bit in some(range(8), 1):
                w.write(path, good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1:])
                r = w.run("--once", "--at", "2024-06-12")
                assert r.returncode == 1 and "offset" in r.stderr, (at, bit, len(good), r.returncode, r.stderr)
        for cut in some(range(last + 1, len(good)), 5):
            w.write(path, good[:cut])
            r = w.run("--once", "--at", "2024-06-12")
            assert r.returncode == 0 and "torn tail" in r.stderr, (cut, r.returncode, r.stderr)
        w.write(path, good)
        w.once("2024-06-12")


def test_F21_impossible_dates_set_the_row_aside_and_over_one_percent_holds_the_file(build):
    rows = [f"01/02/2024,30/04/2024,Performance,Provider,R{n:03},N,NONE,NONE,MRS08b,P,{n % 90}\n" for n in range(400)]
    good = three(6) + "".join(rows)
    for date in ("31/02/2024", "00/04/2024", "30/13/2024", "2024-04-31", "30/04/0000", "soon", ""):
        with Instance(build) as w:
            w.put("a.csv", good + f"01/02/2024,{date},Performance,Provider,RZZ,N,NONE,NONE,MRS08b,P,5\n")
            w.once("2024-06-10")
            assert w.look("2024-06-10", known)[0] == 6, date
            r = subprocess.run([os.path.join(build, "waitlistctl"), "feed", "parse", w.write("x.csv", good +
                               f"01/02/2024,{date},Performance,Provider,RZZ,N,NONE,NONE,MRS08b,P,5\n"), "--format", "mhsds",
                               "--summary"], capture_output=True, text=True)
            assert r.returncode == 0 and "aside" in r.stdout + r.stderr, (date, r.stdout, r.stderr)
            assert not date or date not in r.stderr, "a row's content is not told"
            w.put("b.csv", three(45, month="2024-05") + "".join(
                f"01/03/2024,{date},Performance,Provider,R{n:03},N,NONE,NONE,MRS08b,P,5\n" for n in range(5)))
            w.run("--once", "--at", "2024-06-11")
            assert w.look("2024-06-11", known)[0] == 6, "held"


def test_F8_empty_is_refused_header_only_and_rows_down_by_80_percent_are_held(build):
    orgs = [f"R{n:02}" for n in range(40)]
    many = mhsds("2024-04", {**{(o, "MRS08b"): 50 for o in orgs}, ("England", "MRS08b"): "18.2", ("QUA", "MRS08b"): 7, ("TAJ", "MRS08b"): 45})
    few = three(46, month="2024-05")
    with Instance(build) as w:
        w.put("a.csv", many)
        w.once("2024-06-10")
        before = w.look("2024-06-10", known)
        w.start("2024-06-11")
        for name, content, said in (("empty.csv", "", "empty"), ("header.csv", few.split("\n")[0] + "\n", "header"),
                                    ("few.csv", few, "rows")):
            w.put(name, content)
            wait_for(lambda: name in (w.ctl("feeds")[0]["held_file"] or ""), f"{name} to be doubted")
            assert said in w.ctl("feeds")[0]["held_file"], w.ctl("feeds")[0]["held_file"]
            assert known(w) == before, name
        wait_for(lambda: any("few.csv" in m.text for m in w.mails()), "a person to be told")


if __name__ == "__main__":
    run_tests(globals())
