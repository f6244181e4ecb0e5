"""Webhooks as another reads them: an HTTPS receiver of npm's standardwebhooks, and the schema of the events."""
import json
import os
import shutil
import subprocess
import sys

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from test_deliver import Folder, ID, OLDER, SECRET, outcome
from waitlist import ROOT, run_tests, skip, wait_for

ANSWERS = {"200": ("delivered", 200), "flood": ("delivered", 200), "429": ("connection-failed", 429), "410": ("refused-for-good", 410),
           "500": ("refused", 500), "503": ("connection-failed", 503), "hang": ("unknown", 0)}


def peer(build):
    """The folder that make check filled, or why there is none."""
    folder = os.path.join(build, "peers", "webhooks")
    if not shutil.which("node"):
        skip("node is not installed")
    if not os.path.isdir(os.path.join(folder, "node_modules", "standardwebhooks")):
        log = os.path.join(folder, "install.log")
        why = open(log, encoding="utf-8").read().strip() if os.path.exists(log) else "make webhook-peer fetches it"
        skip(f"npm's standardwebhooks is not in {folder}: {why[-300:]}")
    return folder


class Receiver:
    def __init__(self, build, f, secret=SECRET):
        both, self.authority = f.certificate()
        self.said = os.path.join(f.path, "said")
        with open(self.said, "wb") as out:
            self.process = subprocess.Popen(["node", os.path.join(ROOT, "tests", "live", "webhook_receiver.js"), peer(build), both, secret],
                                            stdout=out, stdin=subprocess.DEVNULL)
        self.port = int(wait_for(self.lines, "the receiver's port")[0])

    def lines(self):
        assert self.process.poll() is None, "the receiver ended"
        with open(self.said, encoding="utf-8") as f:
            return [line for line in f if line.endswith("\n")]

    def requests(self):
        return [json.loads(line) for line in self.lines()[1:]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def event_of(build, f):
    event = subprocess.run([os.path.join(build, "tests/live/compose_once"), "json", "items=8"], check=True, capture_output=True).stdout
    return event, f.write("event.json", event)


def post(build, f, receiver, path, event):
    return outcome(f.run(build, kind="webhook", url=f"https://127.0.0.1:{receiver.port}/{path}", secret=f.secret, private=1,
                         ca=receiver.authority, json=event))


def test_another_implementation_verifies_each_signature_whatever_it_answers(build):
    with open(os.path.join(ROOT, "config", "schema", "event.schema.json"), encoding="utf-8") as s:
        schema = json.load(s)
    peer(build)
    with Folder() as f, Receiver(build, f) as receiver:
        event, path = event_of(build, f)
        for answer, wanted in ANSWERS.items():
            assert post(build, f, receiver, answer, path) == wanted, answer
        got = wait_for(lambda: receiver.requests() if len(receiver.requests()) == len(ANSWERS) else None, "each request to be verified")
        for r in got:
            assert r["verified"] and r["id"] == ID and r["body"] == event.decode(), r
            jsonschema.Draft7Validator(schema).validate(json.loads(r["body"]))


def test_another_implementation_takes_either_secret_in_rotation_and_no_other(build):
    peer(build)
    with Folder() as f, Receiver(build, f, OLDER) as receiver:
        _, path = event_of(build, f)
        assert post(build, f, receiver, "200", path) == ("delivered", 200)
        f.write("secret", f"{SECRET}\n{OLDER}\n")
        assert post(build, f, receiver, "200", path) == ("delivered", 200)
        first, second = wait_for(lambda: receiver.requests() if len(receiver.requests()) == 2 else None, "both requests")
        assert not first["verified"] and "No matching signature" in first["why"] and second["verified"], (first, second)


if __name__ == "__main__":
    run_tests(globals())
