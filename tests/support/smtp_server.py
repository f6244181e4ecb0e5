#!/usr/bin/python3
"""smtp_server - a scripted SMTP relay on loopback; standard library alone

In a test:    with SmtpServer(replies={"RCPT": "450 later"}) as smtp: ... smtp.port, smtp.mails
By hand:      smtp_server.py FOLDER [--port N] [--reply VERB=TEXT]... [--certificate PEM] [--drop-at VERB]
              writes each mail to FOLDER as N.eml and prints its port

replies       the answer to a verb (CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, DOT, QUIT), or a function
              that is given the line and returns it
cut_after     closes once it has received so many bytes of one connection
drop_at       closes instead of answering that verb; BODY: after the first line of the content
hang_at       never answers that verb
delay         {verb: seconds}
certificate   PEM with key: offers STARTTLS; implicit=True speaks TLS from the start
login         offers AUTH PLAIN; a text: the mechanisms it offers instead ("LOGIN", "XOAUTH2")
passwords     {name: password or access token} that are let in, by whichever mechanism; others get 535
dialogue      every line received in clear or under TLS, with "tls" or "clear" beside it
"""
import argparse
import base64
import os
import socket
import ssl
import sys
import threading
import time

from listening import Listening

DEFAULTS = {"CONNECT": "220 fake", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", "DOT": "250 taken",
            "QUIT": "221 bye", "STARTTLS": "220 go on", "AUTH": "235 in", "RSET": "250 ok", "NOOP": "250 ok"}


class Drop(Exception):
    pass


class Cut:
    """Lines of a connection of which only the first bytes arrive."""

    def __init__(self, s, left):
        self.s, self.left = s, left

    def readline(self, limit=65536):
        line = b""
        while not line.endswith(b"\n") and len(line) < limit:
            byte = self.s.recv(1) if self.left > 0 else b""
            if not byte:
                raise Drop
            self.left -= 1
            line += byte
        return line


class SmtpServer(Listening):
    def __init__(self, replies=None, drop_at=None, hang_at=None, delay=None, certificate=None, implicit=False,
                 login=False, folder=None, port=0, cut_after=None, passwords=None):
        self.replies = dict(DEFAULTS, **(replies or {}))
        self.drop_at, self.hang_at, self.delay = drop_at, hang_at, delay or {}
        self.certificate, self.implicit, self.login, self.folder = certificate, implicit, login, folder
        self.mails, self.dialogue, self.cut_after = [], [], cut_after
        self.passwords, self.logins = passwords, []  # logins: (mechanism, name, secret, "tls" or "clear")
        self.stopped = threading.Event()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Small, so that a body cut short cannot lie whole in the kernel's buffers.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        self.listen(listener)

    def close(self):
        self.stopped.set()
        super().close()

    def _context(self):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(self.certificate)
        return c

    def _reader(self, s):
        return s.makefile("rb") if self.cut_after is None else Cut(s, self.cut_after)

    def _answer(self, s, verb, text=None):
        self.stopped.wait(self.delay.get(verb, 0))
        if verb == self.hang_at:
            self.stopped.wait()
            raise Drop
        if verb == self.drop_at:
            raise Drop
        s.sendall((text or self.replies.get(verb, "500 what")).encode() + b"\r\n")

    def serve(self, s):
        tls = "clear"
        try:
            if self.implicit:
                s, tls = self._context().wrap_socket(s, server_side=True), "tls"
            f = self._reader(s)
            self._answer(s, "CONNECT")
            sender, to = None, []
            while True:
                line = f.readline(65536)
                if not line:
                    return
                self.dialogue.append((tls, line))
                verb = line[:8].split(b" ")[0].strip().upper().decode("latin-1")
                if verb == "STARTTLS":
                    self._answer(s, verb)
                    s, tls = self._context().wrap_socket(s, server_side=True), "tls"
                    f = s.makefile("rb")
                    continue
                if verb in ("EHLO", "HELO"):
                    extra = ["250-fake"]
                    if self.certificate and tls == "clear":
                        extra.append("250-STARTTLS")
                    if self.login:
                        extra.append("250-AUTH " + (self.login if isinstance(self.login, str) else "PLAIN"))
                    self._answer(s, "EHLO", self.replies.get("EHLO") or "\r\n".join(extra + ["250 8BITMIME"]))
                    continue
                if verb == "AUTH" and self.passwords is not None:
                    self._answer(s, verb, self._log_in(s, f, line, tls))
                    continue
                if verb == "AUTH" and len(line.split()) == 2 and self.replies["AUTH"].startswith("2"):
                    self._answer(s, verb, "334 ")
                    self.dialogue.append((tls, f.readline(65536)))
                reply = self.replies.get(verb)
                self._answer(s, verb, reply(line) if callable(reply) else None)
                if verb == "MAIL":
                    sender, to = line, []
                elif verb == "RCPT":
                    to.append(line)
                elif verb == "QUIT":
                    return
                elif verb == "DATA" and self.replies["DATA"].startswith("354"):
                    self._content(s, f, sender, to)
        except (Drop, OSError, ssl.SSLError):
            pass
        finally:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def _log_in(self, s, f, line, tls):
        """Speaks PLAIN, LOGIN or XOAUTH2; returns the answer to it."""
        words = line.decode().split()
        mechanism = words[1].upper()

        def ask(prompt, first=None):
            if first is None:
                s.sendall(f"334 {base64.b64encode(prompt).decode()}\r\n".encode())
                first = f.readline(65536).decode().strip()
            return base64.b64decode(first).decode()

        first = words[2] if len(words) > 2 else None
        if mechanism == "LOGIN":
            name, secret = ask(b"Username:", first), ask(b"Password:")
        elif mechanism == "XOAUTH2":
            fields = dict(x.split("=", 1) for x in ask(b"", first).split("\1") if x)
            name, secret = fields["user"], fields["auth"].removeprefix("Bearer ")
        else:
            _, name, secret = ask(b"", first).split("\0")
        self.logins.append((mechanism, name, secret, tls))
        if self.passwords.get(name) == secret:
            return "235 2.7.0 in"
        if mechanism == "XOAUTH2":  # as the large providers do: the reason first, then the refusal
            s.sendall(b"334 " + base64.b64encode(b'{"status":"401"}') + b"\r\n")
            f.readline(65536)
        return "535 5.7.8 not in"

    def _content(self, s, f, sender, to):
        lines = []
        while True:
            line = f.readline()
            if not line:
                raise Drop
            if self.drop_at == "BODY":
                raise Drop
            if line == b".\r\n":
                break
            lines.append(line)
        raw = b"".join(lines)
        mail = raw.replace(b"\r\n..", b"\r\n.") if not raw.startswith(b"..") else raw[1:].replace(b"\r\n..", b"\r\n.")
        self.mails.append((sender, to, mail, raw))
        if self.folder:
            with open(os.path.join(self.folder, f"{len(self.mails)}.eml"), "wb") as out:
                out.write(mail)
        self._answer(s, "DOT")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--reply", action="append", default=[], metavar="VERB=TEXT")
    p.add_argument("--certificate")
    p.add_argument("--drop-at")
    p.add_argument("--hang-at")
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    with SmtpServer(dict(r.split("=", 1) for r in a.reply), a.drop_at, a.hang_at, certificate=a.certificate,
                    folder=a.folder, port=a.port) as server:
        print(server.port, flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    sys.exit(main())
