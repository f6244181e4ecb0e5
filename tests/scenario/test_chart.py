"""The picture of a mail, by the whole chain: from files to what a mail reader shows."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, Skip, run_tests, three

# zlib packs the picture, and nothing else of the daemon asks it so: it has no memory.
NO_MEMORY = "int compress2(void) { return -4; }\n"


def months(w):
    """Four months, the last behind the plan."""
    for period, figure in (("2024-04", 40), ("2024-05", 41), ("2024-06", 39), ("2024-07", 6)):
        w.put(f"{period}.csv", three(figure, period))


def parts(mail):
    return {p.get_content_type(): p for p in mail.message.walk()}


def behind(w):
    return next(m for m in w.mails() if m.subject.startswith("Behind plan"))


def test_a_mail_shows_its_figures_in_time_and_says_them_to_who_does_not_see(build):
    with Instance(build) as w:
        months(w)
        w.once("2024-09-10")
        p = parts(behind(w))
        picture, html = p["image/png"], p["text/html"].get_content()
        assert picture.get_content()[:8] == b"\x89PNG\r\n\x1a\n" and len(picture.get_content()) < 30 * 1024
        assert f"cid:{picture['Content-ID'].strip('<>')}" in html
        assert "Chart. Figures: 30 April 2024 40%; 31 May 2024 41%; 30 June 2024 39%; 31 July 2024 6%." in html, html
        assert "30 April 2024; 60% by 31 March 2025." in html, html


def test_a_chart_that_cannot_be_made_leaves_the_mail_without_it_and_the_log_says_so(build):
    if os.environ.get("WAITLIST_SANITIZED"):
        raise Skip("the sanitizer wants to be loaded first")
    with Instance(build) as w:
        source = w.write("no_memory.c", NO_MEMORY)
        library = os.path.join(w.folder, "no_memory.so")
        subprocess.run([shutil.which("cc") or "gcc", "-fno-builtin", "-shared", "-fPIC", "-o", library, source], check=True)
        months(w)
        result = w.run("--once", "--at", "2024-09-10", env={"LD_PRELOAD": library})
        p = parts(behind(w))
        assert list(p) == ["multipart/alternative", "text/plain", "text/html"] and "cid:" not in p["text/html"].get_content()
        assert "6%" in p["text/plain"].get_content()
        assert "its chart cannot be made, and it goes without" in result.stderr + result.stdout, result


if __name__ == "__main__":
    run_tests(globals())
