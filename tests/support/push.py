"""push - a daemon that is posted to, and a client that says exactly the bytes it is given

    with pushed(build) as w: ... post(w, three(6)).status
"""
import base64
import hashlib
import hmac
import json
import re
import socket

from waitlist import PATIENCE_S, Instance, wait_for

TOKEN, OLD_TOKEN = "f8b1c2d3e4a5968778695a4b3c2d1e0f", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
KEY, OLD_KEY = bytes(range(32)), bytes(range(32, 64))
FEED = ("  - {{id: cyp4ww, kind: aggregate, format: mhsds, transport: push, {auth}, cadence: monthly, grace: 45d,"
        " providers: [TAJ], keep: [QUA, TAJ, England]{more}}}\n")
PATH = "/v1/feeds/cyp4ww"


def secret(key):
    return "whsec_" + base64.b64encode(key).decode()


def pushed(build, http="", auth="token_file: push.token", more="", at="2024-06-10T12:00", start=True, **options):
    """A running daemon with one feed that is pushed; http: more keys of that section."""
    w = Instance(build, feeds=FEED.format(auth=auth, more=more),
                 extra=f"http: {{listen: \"127.0.0.1:0\"{http}}}\n", **options)
    w.write("push.token", f"{TOKEN}\n{OLD_TOKEN}\n")
    w.write("push.secret", f"{secret(KEY)}\n{secret(OLD_KEY)}\n")
    if start:
        w.start(at)
    return w


def port_of(w):
    """Of the newest start."""
    found = re.findall(r"http: listen=\S+ port=(\d+)", w.log())
    assert found, w.log()[-2000:]
    return int(found[-1])


class Reply:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.raw, self.head = raw, head
        self.status = int(lines[0].split()[1]) if raw else 0  # 0: closed without an answer
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}

    @property
    def json(self):
        return json.loads(self.body)


def connect(w, source=None):
    s = socket.create_connection(("127.0.0.1", port_of(w)), timeout=30 * PATIENCE_S,
                                 source_address=(source, 0) if source else None)
    return s


def hear(s):
    """All that comes until the other side closes."""
    heard = b""
    try:
        while chunk := s.recv(65536):
            heard += chunk
    except ConnectionError:
        pass
    return heard


def say(w, raw, source=None, end=False):
    """One connection that says these bytes. end: closes its side behind them."""
    with connect(w, source) as s:
        try:
            s.sendall(raw)
            if end:
                s.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass  # refused meanwhile: the answer is there
        return Reply(hear(s))


def head(headers, method="POST", path=PATH):
    lines = [f"{method} {path} HTTP/1.1", "Host: monitor.example.org"] + [f"{k}: {v}" for k, v in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post_headers(body, token=TOKEN, **more):
    headers = {"Content-Type": "text/csv", "Content-Length": len(body)}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    headers.update({k.replace("_", "-"): v for k, v in more.items()})
    return {k: v for k, v in headers.items() if v is not None}


def post(w, body, source=None, token=TOKEN, path=PATH, **more):
    body = body if isinstance(body, bytes) else body.encode()
    return say(w, head(post_headers(body, token, **more), path=path) + body, source)


def get(w, path, method="GET", source=None):
    return say(w, head({}, method, path), source)


def signature(key, id, timestamp, body):
    mac = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


def receipts(w):
    """Of the received journal: every file that was taken in."""
    try:
        with open(w.path("state", "journal", "received"), "rb") as f:
            return [json.loads(r) for r in re.findall(rb"\{.*\}", f.read())]
    except FileNotFoundError:
        return []


def is_ready(w):
    return wait_for(lambda: get(w, "/readyz").status == 200, "the daemon to be ready", 30)
