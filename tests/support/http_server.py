#!/usr/bin/python3
"""http_server - a scripted webhook receiver on loopback; standard library alone

In a test:    with HttpServer([Answer(429, {"Retry-After": "7"}), Answer(200)]) as http: ... http.port, http.requests
By hand:      http_server.py FOLDER [--port N] [--answer CODE[,Header=value]...]...
              records each request in FOLDER as N.json (method, path, headers, body) and prints its port

Answers are given in turn; the last repeats. code 0 closes without an answer.
"""
import argparse
import json
import os
import socket
import ssl
import sys
import threading
import time

from listening import Listening


class Answer:
    """before: seconds of silence first; body: bytes; endless: goes on for ever; drip: seconds between single bytes;
    reset: the connection is reset right after the head; raw: these bytes instead of an answer."""

    def __init__(self, code=200, headers=None, before=0, body=b"", endless=False, drip=0, reset=False, raw=None):
        self.code, self.headers, self.before, self.body = code, headers or {}, before, body
        self.endless, self.drip, self.reset, self.raw = endless, drip, reset, raw


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.is_refused = False  # the answer said so


class HttpServer(Listening):
    def __init__(self, answers=None, folder=None, port=0, certificate=None):
        self.answers, self.folder, self.requests = list(answers or [Answer()]), folder, []
        self.sent = 0
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.listen(socket.create_server(("127.0.0.1", port), backlog=64))

    def close(self):
        self.stopped.set()
        super().close()

    def _read(self, s):
        f = s.makefile("rb")
        method, path, _ = f.readline().decode("latin-1").split(" ", 2)
        headers = {}
        while (line := f.readline().strip()):
            name, value = line.decode("latin-1").split(":", 1)
            headers[name.strip().lower()] = value.strip()
        body = f.read(int(headers.get("content-length", 0)))
        if len(body) < int(headers.get("content-length", 0)):
            raise ConnectionError("cut off in the body: no request came")
        return Request(method, path, headers, body)

    def _record(self, r):
        with self.lock:
            self.requests.append(r)
            n = len(self.requests)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            r.is_refused = answer.code >= 300
        if self.folder:
            with open(os.path.join(self.folder, f"{n}.json"), "w") as f:
                json.dump({"method": r.method, "path": r.path, "headers": r.headers,
                           "body": r.body.decode("utf-8", "replace")}, f, indent=1)
        return answer

    def serve(self, s):
        try:
            if self.context:
                s = self.context.wrap_socket(s, server_side=True)
            answer = self._record(self._read(s))
            self.stopped.wait(answer.before)
            if answer.raw is not None:
                s.sendall(answer.raw)
                return
            if answer.code == 0:
                return
            head = f"HTTP/1.1 {answer.code} so\r\nConnection: close\r\n"
            head += "".join(f"{k}: {v}\r\n" for k, v in answer.headers.items())
            if answer.reset:
                s.sendall((head + "Content-Length: 100\r\n\r\n").encode())
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                s.close()
                return
            if answer.endless:
                s.sendall((head + "\r\n").encode())
                while not self.stopped.is_set():
                    s.sendall(b"x" * 16384)
                    self.sent += 16384
            length = "" if answer.drip else f"Content-Length: {len(answer.body)}\r\n"
            s.sendall((head + length + "\r\n").encode() + answer.body)
            while answer.drip and not self.stopped.wait(answer.drip):
                s.sendall(b"x")
        except (OSError, ValueError, ssl.SSLError):
            pass
        finally:
            try:
                s.shutdown(socket.SHUT_WR)  # what was sent is read before the end is seen
            except OSError:
                pass
            s.close()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--answer", action="append", default=[], metavar="CODE[,Header=value]...")
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    answers = []
    for text in a.answer or ["200"]:
        code, *headers = text.split(",")
        answers.append(Answer(int(code), dict(h.split("=", 1) for h in headers)))
    with HttpServer(answers, a.folder, a.port) as server:
        print(server.port, flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    sys.exit(main())
