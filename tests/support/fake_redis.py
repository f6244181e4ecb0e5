#!/usr/bin/python3
"""fake_redis - a Redis that answers from a script; standard library alone

In a test, with the daemon in redis mode `server` on the fake's socket:

    with FakeRedis({"PING": PONG, "FUNCTION": error("NOPERM this user has no permissions …")}) as fake: … fake.socket

The script maps the first word of a command, in capitals, to an answer; of FCALL also "FCALL enqueue" (looked
for first). "*" answers what no other entry does; its default is "ERR unknown command". An answer is

    bytes                sent as they are, so also garbage: b"$5\\r\\nab", b"*-2\\r\\n", b"x" * 99
    a list of answers    given in turn; the last one repeats
    a function(words)    called with the command's words; gives bytes
    CLOSE                the connection is closed instead
    SILENCE              nothing is said, the connection stays

fake.commands holds the words of every command that came, fake.connections how many connections; script
entries may be changed while it runs: fake.script["PING"] = …. For whole scenarios use the real server
through resp_proxy.py; this one is for answers that a real server gives only in trouble.

TEXTS: what Redis 7.0 says in trouble (measured; RELIABILITY section 4), by its code: error(TEXTS["OOM"]).
"""
import shutil
import socket
import tempfile
import threading

from listening import Listening
from resp_proxy import Resp, words

TEXTS = {text.split(" ", 1)[0]: text for text in (
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "LOADING Redis is loading the dataset in memory",
    "READONLY You can't write against a read only replica.",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "NOREPLICAS Not enough good replicas to write.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "MISCONF Errors writing to the AOF file: No space left on device",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "NOSCRIPT No matching script. Please use EVAL.",
    "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option",
    "NOPERM this user has no permissions to run the 'set' command",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
)}

CLOSE, SILENCE = object(), object()
OK, PONG, NIL, EMPTY = b"+OK\r\n", b"+PONG\r\n", b"$-1\r\n", b"*0\r\n"


def error(text):
    return b"-" + text.encode() + b"\r\n"


def bulk(text):
    data = text if isinstance(text, bytes) else text.encode()
    return b"$%d\r\n%s\r\n" % (len(data), data)


def integer(n):
    return b":%d\r\n" % n


def array(*answers):
    return b"*%d\r\n" % len(answers) + b"".join(answers)


# Takes the daemon to "ready" with empty books: the epoch that it claims is the one it gave.
WELCOME = {
    "PING": PONG, "AUTH": OK, "FUNCTION": bulk("waitlistd"), "GET": NIL,
    "FCALL claim": lambda w: array(bulk("leads"), bulk(w[4]), bulk("0"), bulk("")),
    "HGETALL": EMPTY, "SMEMBERS": EMPTY, "XRANGE": EMPTY,
}


class FakeRedis(Listening):
    """script: see above; give {**WELCOME, …} for a server that only the rest of the script sets apart."""

    def __init__(self, script=None, tcp=False):
        self.script = dict(script if script is not None else WELCOME)
        self.commands, self.lock, self.open = [], threading.Lock(), set()
        self.folder = tempfile.mkdtemp(prefix="wl-fake-")
        self.listen_beside(self.folder, "f.sock", tcp)

    def close(self):
        super().close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def hang_up(self):
        """Closes every connection there is."""
        with self.lock:
            connections = list(self.open)
        for s in connections:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _answer(self, command):
        with self.lock:
            self.commands.append(command)
            names = [command[0].decode("latin-1").upper()]
            if names[0] == "FCALL" and len(command) > 1:
                names.insert(0, "FCALL " + command[1].decode("latin-1"))
            name = next((n for n in names + ["*"] if n in self.script), None)
            answer = self.script[name] if name else error("ERR unknown command")
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer(command) if callable(answer) else answer

    def serve(self, s):
        commands = Resp()
        with self.lock:
            self.open.add(s)
        try:
            while piece := s.recv(65536):
                for value in commands.feed(piece):
                    answer = self._answer(words(value))
                    if answer is CLOSE:
                        return
                    if answer is not SILENCE:
                        s.sendall(answer)
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.open.discard(s)
            s.close()
