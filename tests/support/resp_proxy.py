#!/usr/bin/python3
"""resp_proxy - stands between the daemon and a real redis-server and spoils what passes

In a test, with the daemon in redis mode `server` on the proxy's socket:

    with RespProxy(server.socket) as proxy:             # or RespProxy(("127.0.0.1", 6379), tcp=True)
        settings … redis: {mode: server, socket: "<proxy.socket>"}     (tcp: host 127.0.0.1, port proxy.port)
        proxy.set(to_daemon=Spoil(cut_at=17))           # from now on, and for connections to come
        …
        proxy.clear()                                   # passes everything again, connections stay

One Spoil a direction: to_daemon (replies) and to_redis (commands). A rule counts from the moment that
it was set. What it did can be read: proxy.connections, proxy.cuts, proxy.seen_to_daemon and
proxy.seen_to_redis (bytes passed since set()), proxy.commands (words of each command passed on, since
set()), wait with wait_for() until one of them says what the test needs.

Spoil(cut_at=k)      the k-th byte is the last that passes; then both ends are closed. cut_at=0: at the
                     first byte that wants to pass. times=n: only n connections are cut (None: every one;
                     each connection counts its own bytes)
Spoil(delay=s)       every piece waits so long before it passes
Spoil(single=True)   bytes pass one at a time
Spoil(hold=True)     nothing passes and nothing is closed (a black hole); clear() lets the held bytes go
Spoil(drop=True)     what comes is thrown away: the reply that never arrives
Spoil(match=b"…")    the rule starts with the first command whose words hold these bytes, such as b"enqueue":
                     to_redis at that command, to_daemon at the reply to it (and counts bytes from there)
"""
import shutil
import socket
import tempfile
import threading
import time

from listening import Listening


class Spoil:
    def __init__(self, cut_at=None, times=None, delay=0, single=False, hold=False, drop=False, match=None):
        self.cut_at, self.times, self.delay, self.single = cut_at, times, delay, single
        self.hold, self.drop, self.match = hold, drop, match


class Resp:
    """Finds where RESP values end in bytes that come in pieces. feed() gives the whole values."""

    def __init__(self):
        self.bytes = b""

    def feed(self, piece):
        self.bytes += piece
        values = []
        while (end := self._end(0)) is not None:
            values.append(self.bytes[:end])
            self.bytes = self.bytes[end:]
        return values

    def _end(self, at):
        line = self.bytes.find(b"\r\n", at)
        if line < 0:
            return None
        kind, after = self.bytes[at:at + 1], line + 2
        if kind not in b"$*":
            return after
        n = int(self.bytes[at + 1:line])
        if kind == b"$":
            after += n + 2 if n >= 0 else 0
            return after if after <= len(self.bytes) else None
        for _ in range(max(n, 0)):
            after = self._end(after)
            if after is None:
                return None
        return after


def words(command):
    """The words of one command in its array form."""
    parts, at = [], command.find(b"\r\n") + 2
    while at < len(command):
        line = command.find(b"\r\n", at)
        n = int(command[at + 1:line])
        parts.append(command[line + 2:line + 2 + n])
        at = line + 2 + n + 2
    return parts


class Connection:
    """One connection of the daemon and ours to Redis; whole values are told apart, pieces are passed."""

    def __init__(self, proxy, daemon, redis):
        self.proxy, self.daemon, self.redis = proxy, daemon, redis
        self.lock = threading.Lock()
        self.rule_set = {"to_daemon": 0, "to_redis": 0}  # generation of the rule that the counts below belong to
        self.passed = {"to_daemon": 0, "to_redis": 0}
        self.started = {"to_daemon": True, "to_redis": True}  # whether .match was met
        self.awaited = []  # per command without reply: whether it is the one that matches
        self.parsers = {"to_daemon": Resp(), "to_redis": Resp()}
        for direction, source, target in (("to_redis", daemon, redis), ("to_daemon", redis, daemon)):
            threading.Thread(target=self._pump, args=(direction, source, target), daemon=True).start()

    def close(self):
        for s in (self.daemon, self.redis):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _pump(self, direction, source, target):
        try:
            while piece := source.recv(65536):
                for value, is_match in self._values(direction, piece):
                    self._pass(direction, target, value, is_match)
        except (OSError, ValueError):
            pass
        self.close()
        source.close()

    def _rule(self, direction):
        """The rule in force; a new one starts this connection's counts anew."""
        rule, generation = self.proxy.rule(direction)
        if self.rule_set[direction] != generation:
            self.rule_set[direction] = generation
            self.passed[direction] = 0
            self.started[direction] = not rule or not rule.match
        return rule

    def _values(self, direction, piece):
        """Whole commands or replies of what came, each with whether a rule starts at it."""
        for value in self.parsers[direction].feed(piece):
            is_match = False
            if direction == "to_redis":
                rules = self._rule("to_redis"), self._rule("to_daemon")
                is_match, reply_matches = (bool(r and r.match and r.match in value) for r in rules)
                with self.lock:
                    self.awaited.append(reply_matches)
                self.proxy.note(words(value))
            else:
                with self.lock:
                    is_match = self.awaited.pop(0) if self.awaited else False
            yield value, is_match

    def _pass(self, direction, target, value, is_match):
        rule = self._rule(direction)
        if is_match:
            self.started[direction] = True
        while rule and self.started[direction] and rule.hold:
            if not self.proxy.wait_for_change(self.rule_set[direction]):
                return
            rule = self._rule(direction)
        if not rule or not self.started[direction]:
            self._send(direction, target, value)
            return
        if rule.drop:
            return
        if rule.delay:
            time.sleep(rule.delay)
        if rule.cut_at is not None and self.proxy.may_cut(rule):
            left = rule.cut_at - self.passed[direction]
            if len(value) >= left:
                self._send(direction, target, value[:left], rule.single)
                self.proxy.count_cut()
                self.close()
                raise OSError("cut")
        self._send(direction, target, value, rule.single)

    def _send(self, direction, target, value, single=False):
        for at in range(0, len(value), 1) if single else (0,):
            target.sendall(value[at:at + 1] if single else value)
        self.passed[direction] += len(value)
        self.proxy.count(direction, len(value))


class RespProxy(Listening):
    """upstream: the path of a unix socket, or (host, port). tcp: the daemon comes by TCP too."""

    def __init__(self, upstream, tcp=False):
        self.upstream, self.folder = upstream, tempfile.mkdtemp(prefix="wl-proxy-")
        self.changed = threading.Condition()
        self.rules, self.generation, self.stopped = {"to_daemon": None, "to_redis": None}, 1, False
        self.cuts = self.seen_to_daemon = self.seen_to_redis = 0
        self.commands, self.open = [], []
        self.listen_beside(self.folder, "p.sock", tcp)

    def close(self):
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
        super().close()
        self.disconnect()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- what a test says ------------------------------------------------------------------------
    def set(self, to_daemon=None, to_redis=None):
        with self.changed:
            self.rules = {"to_daemon": to_daemon, "to_redis": to_redis}
            self.generation += 1
            self.cuts = self.seen_to_daemon = self.seen_to_redis = 0
            self.commands = []
            self.changed.notify_all()

    def clear(self):
        self.set()

    def disconnect(self):
        """Closes every connection there is."""
        with self.changed:
            connections, self.open = self.open, []
        for c in connections:
            c.close()

    # ---- what the connections ask ----------------------------------------------------------------
    def rule(self, direction):
        with self.changed:
            return self.rules[direction], self.generation

    def wait_for_change(self, generation):
        """Until another rule than that generation's is set; False when the proxy ends."""
        with self.changed:
            self.changed.wait_for(lambda: self.stopped or self.generation != generation)
            return not self.stopped

    def may_cut(self, rule):
        with self.changed:
            return rule.times is None or self.cuts < rule.times

    def count_cut(self):
        with self.changed:
            self.cuts += 1

    def count(self, direction, n):
        with self.changed:
            if direction == "to_daemon":
                self.seen_to_daemon += n
            else:
                self.seen_to_redis += n

    def note(self, command):
        with self.changed:
            self.commands.append(command)

    # ---- accepting -------------------------------------------------------------------------------
    def serve(self, daemon):
        try:
            if isinstance(self.upstream, str):
                redis = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                redis.connect(self.upstream)
            else:
                redis = socket.create_connection(self.upstream)
        except OSError:
            daemon.close()
            return
        with self.changed:
            self.open.append(Connection(self, daemon, redis))
