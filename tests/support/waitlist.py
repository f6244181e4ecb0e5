"""waitlist - what the scenario tests share: an instance in its own folder, and a plain test runner

An Instance owns one temporary folder with settings, plan, inboxes, spool and state. It starts the
built programs, talks to them as a person would (files, control socket, mails), and at its end stops
only processes that it started, by their id. Nothing here sleeps a fixed time: wait_for() polls a
condition until a deadline. Needs Python's standard library alone.
"""
import email
import email.policy
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MHSDS_HEADER = ("REPORTING_PERIOD_START,REPORTING_PERIOD_END,STATUS,BREAKDOWN,PRIMARY_LEVEL,"
                "PRIMARY_LEVEL_DESCRIPTION,SECONDARY_LEVEL,SECONDARY_LEVEL_DESCRIPTION,"
                "MEASURE_ID,MEASURE_NAME,MEASURE_VALUE\n")
# As the publisher names them: the unit is read from the name.
NAMES = {"MRS08b": "Proportion of CYP referral-spells receiving a full clock stop in less than 4 weeks in the RP",
         "MRS09e": "Number of CYP referral-spells waiting more than 52 weeks for full clock stop"}
PATIENCE_S = float(os.environ.get("WAITLIST_PATIENCE", "1"))  # 5 or more under valgrind

FEED_CYP = """\
  - {id: cyp4ww, kind: aggregate, format: mhsds, inbox: ./inbox/cyp4ww,
     cadence: monthly, grace: 45d, providers: [TAJ], keep: [QUA, TAJ, England]}
"""
RECEIVER_SPOOL = "  - {id: spool, kind: spool, dir: ./spool}\n"

MEASURE = """\
  - id: {id}
    title: {title}
    metric: "published:{published}"
    select: {{feed: {feed}, breakdown: {breakdown}, org: {org}}}
    polarity: {polarity}
    target: {target}
    tolerance: {tolerance}
    for: {for_periods}
    clear_for: {clear_for}
    expect: {expect}
    action: "1.1"
"""
PLAN = """\
plan: {{id: {id}, version: {version}, place: dudley, mode: live, valid: {{from: 2024-04-01, to: 2025-03-31}}}}
roles: {{camhs-lead: {{receivers: [{receivers}]}}}}
priorities:
  - id: "1"
    title: Children wait less time for help
    actions:
      - {{id: "1.1", title: Second assessment team, lead: camhs-lead, due: {due}}}
measures:
{measures}"""


def measure(id="cyp-4w", title="Children helped within 4 weeks", published="MRS08b", feed="cyp4ww",
            breakdown="Provider", org="TAJ", polarity="higher", target="{at_least: 60}", tolerance=5,
            for_periods=1, clear_for=1, expect="{2024-04-30: 20, 2025-03-31: 60}"):
    return MEASURE.format(**locals())


def plan(measures=None, receivers="spool", id="dudley", version=1, due="2025-03"):
    text = measures if measures is not None else measure()
    return PLAN.format(id=id, version=version, receivers=receivers, due=due, measures=text)


def mhsds(months, values, status="Performance"):
    """A file of the 4WW shape. months: "2024-04" or a list; values: {(org, measure): printed value}
    or, for several months, {month: {...}}. MRS08* cover three months, the others one."""
    lines = [MHSDS_HEADER]
    for month in [months] if isinstance(months, str) else months:
        year, number = int(month[:4]), int(month[5:7])
        last = (31, 29 if year % 4 == 0 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[number - 1]
        for (org, name), value in (values if isinstance(months, str) else values[month]).items():
            first = number - 2 if name.startswith("MRS08") else number
            first_year, first = (year, first) if first > 0 else (year - 1, first + 12)
            level = ("England" if org == "England" else
                     "ICB of GP Practice or Residence" if org.startswith("Q") else "Provider")
            lines.append(f"01/{first:02}/{first_year},{last:02}/{number:02}/{year},{status},{level},{org},"
                         f"NAME OF {org.upper()},NONE,NONE,{name},{NAMES.get(name, 'Number of something')},{value}\n")
    return "".join(lines)


def three(taj, month="2024-04", name="MRS08b", **more):
    """The usual file: TAJ with one value, beside QUA and England."""
    return mhsds(month, {("England", name): "18.2", ("QUA", name): "7", ("TAJ", name): taj}, **more)


def wait_for(condition, what, seconds=20, longest=0.2):
    """Polls until condition() is true-ish and returns it; fails naming what. longest: pause between two looks."""
    deadline = time.monotonic() + seconds * PATIENCE_S
    pause = 0.01
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds * PATIENCE_S:g} s for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, longest)


def stays(condition, what, seconds=2):
    """Looks for a while, longer on a slow machine: fails naming what as soon as condition() is false."""
    deadline = time.monotonic() + seconds * PATIENCE_S
    while time.monotonic() < deadline:
        assert condition(), what
        time.sleep(0.05)


def ids_hash(*parts):
    """DESIGN section 9: first 128 bits of SHA-256 over length-prefixed parts."""
    h = hashlib.sha256()
    for part in parts:
        data = part.encode()
        h.update(len(data).to_bytes(4, "big") + data)
    return h.hexdigest()[:32]


class Skip(Exception):
    """Raised by a test that cannot run here; the reason is printed and counted."""


class Mail:
    """One .eml of a spool, read back by Python's own parser."""

    def __init__(self, path):
        self.delivery_id = os.path.basename(path)[:-len(".eml")]
        with open(path, "rb") as f:
            self.bytes = f.read()
        self.message = email.message_from_bytes(self.bytes, policy=email.policy.default)
        self.subject = str(self.message["Subject"])

    def _part(self, kind):
        for part in self.message.walk():
            if part.get_content_type() == kind:
                return part.get_content()
        return ""

    @property
    def text(self):
        return self._part("text/plain")

    @property
    def html(self):
        return self._part("text/html")


class Instance:
    """One waitlistd in its own folder. Use as a context manager."""

    def __init__(self, build, settings=None, plan_text=None, feeds=FEED_CYP, receivers=RECEIVER_SPOOL,
                 routes="{ops: [spool], governance: [spool], fallback: [spool]}", extra="",
                 instance="black-country"):
        self.build = os.path.abspath(build)
        self.instance = instance
        self.folder = tempfile.mkdtemp(prefix="waitlist-")
        self.process = None
        self.wrapper = ()  # what the daemon is started by
        self.log_path = self.path("daemon.log")
        self.write("waitlistd.yaml", settings or (
            f"instance: {instance}\nstate: ./state\nredis: {{mode: embedded}}\nplans: [plan.yaml]\n"
            f"{extra}routes: {routes}\nfeeds:\n{feeds}receivers:\n{receivers}"))
        self.write("plan.yaml", plan_text or plan())

    # ---- files -----------------------------------------------------------------------------------
    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return path

    def put(self, name, content, feed="cyp4ww"):
        """Drops a file into an inbox the proper way: written beside it, then renamed in."""
        inbox = self.path("inbox", feed)
        os.makedirs(inbox, exist_ok=True)
        beside = self.write("being-written", content)
        os.rename(beside, os.path.join(inbox, name))

    def inbox(self, feed="cyp4ww"):
        folder = self.path("inbox", feed)
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def mails(self, folder="spool"):
        folder = self.path(folder)
        if not os.path.isdir(folder):
            return []
        names = [os.path.join(folder, n) for n in os.listdir(folder) if n.endswith(".eml")]
        return [Mail(p) for p in sorted(names, key=lambda p: (os.stat(p).st_mtime_ns, p))]

    def events(self, folder="spool"):
        """Delivery id -> CloudEvent, as spooled."""
        folder, out = self.path(folder), {}
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name.endswith(".json"):
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    out[name[:-len(".json")]] = json.load(f)
        return out

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as f:
                said = f.read()
            # Of what valgrind says of itself nothing is the daemon's.
            return re.sub(r"^(--|==)\d+\1.*\n", "", said, flags=re.M) if os.environ.get("WAITLIST_WRAPPER") else said
        except FileNotFoundError:
            return ""

    # ---- the daemon ------------------------------------------------------------------------------
    def _argv(self, *more):
        wrapper = list(self.wrapper) or os.environ.get("WAITLIST_WRAPPER", "").split()  # such as "valgrind --error-exitcode=99"
        return wrapper + [os.path.join(self.build, "waitlistd"), "--config", self.path("waitlistd.yaml"), *more]

    def run(self, *options, timeout=60, env=None):
        """Runs waitlistd to its end; output is kept, apart, as text."""
        return subprocess.run(self._argv(*options), capture_output=True, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=timeout * PATIENCE_S, cwd=self.folder,
                              env={**os.environ, **(env or {})})

    def once(self, at, expect=0, **more):
        result = self.run("--once", "--at", at, **more)
        assert expect is None or result.returncode == expect, (
            f"--once --at {at} exited {result.returncode}, not {expect}:\n{result.stderr[-3000:]}")
        return result

    def start(self, at, ready=True, env=None):
        """at None: on the clock of the machine, or of env."""
        assert self.process is None, "already running"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self._argv(*(("--at", at) if at else ())), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.folder, env={**os.environ, **(env or {})})
        if ready:
            wait_for(self._answers, "the control socket to answer", 30)

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"waitlistd ended with {self.process.returncode}:\n{self.log()[-3000:]}")
        return self.ctl_raw("status").returncode == 0

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        """kill -9, and waits until its Redis, which dies with it, is gone."""
        if self.process is None:
            return
        server = self.redis_pid()
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.process.wait()
        self.process = None
        if server:
            wait_for(lambda: not self._is_ours(server), "the embedded Redis to end", 10)

    def stop(self):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            code = self.process.wait(20 * PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            code = self.process.wait()
        self.process = None
        return code

    # ---- its Redis -------------------------------------------------------------------------------
    def redis_pid(self):
        try:
            with open(self.path("state", "redis", "redis.pid"), encoding="ascii") as f:
                pid = int(f.read().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if self._is_ours(pid) else None

    def _is_ours(self, pid):
        """Whether pid is a process whose working folder lies in ours."""
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return False
            return os.path.realpath(os.readlink(f"/proc/{pid}/cwd")).startswith(os.path.realpath(self.folder))
        except OSError:
            return False

    def redis(self, *command):
        """redis-cli on the embedded server's socket, once it is up and has read its files; output as lines."""
        def said():
            result = subprocess.run(["redis-cli", "-s", "redis.sock", *command], capture_output=True, text=True,
                                    cwd=self.path("state", "redis"), timeout=20 * PATIENCE_S)
            if "Could not connect" in result.stderr + result.stdout or result.stdout.startswith("LOADING "):
                return None
            assert result.returncode == 0, result.stderr or result.stdout
            return (result.stdout.splitlines(),)
        return wait_for(said, "Redis to answer")[0]

    def now_hash(self, name):
        lines = self.redis("HGETALL", f"wl:{{{self.instance}}}:now:{name}")
        return dict(zip(lines[::2], lines[1::2]))

    # ---- the client ------------------------------------------------------------------------------
    def ctl_raw(self, *command, output="json"):
        return subprocess.run([os.path.join(self.build, "waitlistctl"), "--config", self.path("waitlistd.yaml"),
                               "-o", output, *command], capture_output=True, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=40 * PATIENCE_S, cwd=self.folder)

    def ctl(self, *command):
        """What is answered; asked again while a daemon that has just begun has not found its Redis."""
        def answered():
            result = self.ctl_raw(*command)
            return None if result.returncode and "Redis is away: connecting" in result.stderr else result

        result = wait_for(answered, f"Redis to be there for {command[0]}", 30)
        assert result.returncode == 0, f"waitlistctl {' '.join(command)}: {result.returncode}: {result.stderr}"
        return json.loads(result.stdout)

    def measure(self, id="cyp-4w"):
        found = [m for m in self.ctl("measures") if m["id"] == id]
        assert len(found) == 1, f"{len(found)} measures called {id}"
        return found[0]

    def alerts(self, rule=None, measure=None):
        return [a for a in self.ctl("alerts") if (rule is None or a["rule"] == rule) and
                (measure is None or a["measure"] == measure)]

    def alert(self, rule="behind-plan", measure=None):
        found = self.alerts(rule, measure)
        assert len(found) == 1, f"{len(found)} alerts of {rule} {measure or ''}: {found}"
        return found[0]

    def look(self, at, question):
        """Starts the daemon on a date, asks, stops it: for what a --once run left behind."""
        self.start(at)
        try:
            return question(self)
        finally:
            self.stop()

    # ---- the end ---------------------------------------------------------------------------------
    def close(self):
        try:
            self.stop()
        finally:
            server = self.redis_pid()
            if server:
                os.kill(server, signal.SIGTERM)
            if os.environ.get("WAITLIST_KEEP"):
                print(f"    kept: {self.folder}")
            else:
                shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, wrong, _):
        if kind and not issubclass(kind, Skip):  # what the test's file, that goes now, would have told
            print("".join(f"      | {line[:240]}\n" for line in self.log().splitlines()[-15:]), end="", flush=True)
        self.close()


def skip(reason):
    raise Skip(reason)


def run_tests(namespace):
    """Runs every test_… of a file; each takes the build folder. Last line: N passed, N failed, N skipped."""
    args = [a for a in sys.argv[1:] if not a.startswith("-")]
    build = args[0] if args else os.environ.get("WAITLIST_BUILD", os.path.join(ROOT, "build"))
    wanted = args[1:]
    passed = failed = skipped = 0
    for name, test in list(namespace.items()):
        if not name.startswith("test_") or not callable(test):
            continue
        if wanted and not any(w in name for w in wanted):
            continue
        sentence = name[len("test_"):].replace("_", " ")
        started = time.monotonic()
        try:
            test(build)
        except Skip as reason:
            skipped += 1
            print(f"skip  {sentence}: {reason}", flush=True)
        except Exception as wrong:  # a test may fail in any way; the others go on
            failed += 1
            print(f"FAIL  {sentence}", flush=True)
            if isinstance(wrong, AssertionError):
                where = traceback.extract_tb(wrong.__traceback__)
                line = next((f for f in reversed(where) if f.filename == test.__code__.co_filename), where[-1])
                print(f"      {os.path.basename(line.filename)}:{line.lineno}: {line.line}\n      {wrong}", flush=True)
            else:
                traceback.print_exc(file=sys.stdout)
        else:
            passed += 1
            print(f"ok    {sentence} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    sys.exit(1 if failed or passed + failed + skipped == 0 else 0)
