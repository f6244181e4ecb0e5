"""faults - what the tests of the fault matrix share: full and partial sets, certificates, message lists

WAITLIST_FULL=1 runs every point of a set; otherwise a fixed tenth, the same at each run.
"""
import datetime
import os
import random
import shutil
import subprocess
import time

from waitlist import Mail, skip

FULL = os.environ.get("WAITLIST_FULL") == "1"
SEED = 20240610
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def some(points, least=3, share=0.1):
    """All points in a full run; else a tenth (at least `least`), drawn with a fixed seed, in order."""
    points = list(points)
    if FULL:
        return points
    count = min(len(points), max(least, round(len(points) * share)))
    chosen = set(random.Random(SEED).sample(range(len(points)), count))
    return [p for i, p in enumerate(points) if i in chosen]


def certificate(w, name="127.0.0.1", days=2, issuer=None, prefix="server", key_bits=None, extra=()):
    """(PEM with key, certificate alone) of a name, self-signed or by an issuer (PEM with key)."""
    if not shutil.which("openssl"):
        skip("openssl is not installed")
    key, cert = w.path(f"{prefix}.key"), w.path(f"{prefix}.crt")
    alt = f"IP:{name}" if name.replace(".", "").isdigit() else f"DNS:{name}"
    new = ["-newkey", f"rsa:{key_bits}"] if key_bits else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subject = f"/CN={prefix}"
    if issuer:
        request, names = w.path(f"{prefix}.csr"), w.write(f"{prefix}.ext", f"subjectAltName={alt}\n")
        subprocess.run(["openssl", "req", *new, "-nodes", "-keyout", key, "-out", request, "-subj", subject],
                       check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-req", "-in", request, "-CA", issuer, "-CAkey", issuer, "-CAcreateserial",
                        "-out", cert, "-days", str(days), "-extfile", names, *extra], check=True, capture_output=True)
    else:
        subprocess.run(["openssl", "req", "-x509", *new, "-nodes", "-keyout", key, "-out", cert, "-days", str(days),
                        "-subj", subject, "-addext", f"subjectAltName={alt}", *extra], check=True, capture_output=True)
    with open(key, "rb") as k, open(cert, "rb") as c:
        return w.write(f"{prefix}.pem", k.read() + c.read()), cert


def fast(times):
    """Environment in which a process's clocks run so many times as fast."""
    if not os.path.exists(FAKETIME) or os.environ.get("WAITLIST_WRAPPER") or os.environ.get("WAITLIST_SANITIZED"):
        skip("libfaketime is not installed, or cannot be loaded beside a sanitizer or valgrind")
    return {"LD_PRELOAD": FAKETIME, "FAKETIME": f"+0 x{times}"}


class WallClock:
    """The wall clock of one daemon, set at will while it runs; its monotonic clock is left alone.

    clock = WallClock(w, utc(2024, 6, 10, 11)); w.start(None, env=clock.env()); clock.set(utc(…))
    """

    def __init__(self, w, now):
        fast(1)  # skips where it cannot be
        self.path = w.path("wall-clock")
        self.set(now)

    def set(self, now):
        """now: an aware datetime; the clock runs on from there."""
        with open(self.path + ".new", "w", encoding="ascii") as f:
            f.write(f"{now.timestamp() - time.time():+.3f}\n")
        os.rename(self.path + ".new", self.path)

    def env(self):
        many = FAKETIME.replace("libfaketime.so", "libfaketimeMT.so")  # the other mixes up the times of threads
        return {"LD_PRELOAD": many if os.path.exists(many) else FAKETIME, "FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def utc(*parts):
    return datetime.datetime(*parts, tzinfo=datetime.timezone.utc)


def message_ids(smtp, w):
    """Message-ID of each mail that the server took, in order."""
    return [str(Mail(w.write("mail.eml", mail)).message["Message-ID"]) for _, _, mail, _ in smtp.mails]
