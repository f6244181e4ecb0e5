"""hook - a loopback webhook receiver that remembers every request; standard library alone"""
import base64
import hashlib
import hmac
import http.server
import itertools
import socket
import threading

from listening import Listening

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
HOOK_RECEIVER = """\
  - {{id: spool, kind: spool, dir: ./spool}}
  - {{id: hook, kind: webhook, url: "http://127.0.0.1:{port}/x", secret_file: hook.secret, allow_private: true}}
"""


class Request:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, {k.lower(): v for k, v in headers.items()}, body


class Hook:
    """answers: status codes given in turn; the last one repeats."""

    def __init__(self, answers=(200,)):
        self.requests, self.answers = [], list(answers)
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                hook.requests.append(Request(self.path, self.headers, body))
                code = hook.answers.pop(0) if len(hook.answers) > 1 else hook.answers[0]
                self.send_response(code)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class KeepingHook(Listening):
    """Takes every request of a connection, and leaves it open. .taken: of which connection each request came, in turn.
    says: what a connection of this number says unasked (greets), or in the place of an answer (None: it ends without a
    word); ends: those that it closes unasked; closed: those that the client closed."""

    def __init__(self, says=None, greets=None, ends=(), head=b"HTTP/1.1 200 OK"):
        self.taken, self.closed, self.says, self.greets, self.ends = [], [], says or {}, greets or {}, ends
        self.answer = head + b"\r\nContent-Length: 0\r\n\r\n"
        self.listen(socket.create_server(("127.0.0.1", 0)))

    def serve(self, s):
        number = self.connections
        with s, s.makefile("rb") as f:
            s.sendall(self.greets.get(number, b""))
            while number not in self.ends:
                try:
                    head = list(itertools.takewhile(lambda line: line.strip(), iter(f.readline, b"")))
                except ConnectionResetError:  # closed before it read what was said
                    head = []
                if not head:
                    self.closed.append(number)
                    return
                f.read(next(int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length")))
                self.taken.append(number)
                answer = self.says.get(number, self.answer)
                if answer is None:
                    return
                s.sendall(answer)


def signature(secret, request):
    """Standard Webhooks: v1,base64(HMAC-SHA256(secret, id.timestamp.body))."""
    key = base64.b64decode(secret[len("whsec_"):])
    text = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
