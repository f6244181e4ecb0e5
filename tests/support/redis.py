"""redis - a real redis-server of a test's own, on a unix socket, with an append-only file

    with Server() as server, on_server(build, server) as w: …          # the daemon in redis mode `server`

Options are redis-server's own ("--maxmemory", "1mb"). It can be killed, stopped, started again on what it
kept; ends with its block. A path that a test re-points (link_to) lets one daemon meet several servers.
"""
import os
import shutil
import signal
import subprocess
import tempfile

from waitlist import FEED_CYP, RECEIVER_SPOOL, Instance, skip, wait_for


class Server:
    """data: a folder to start from and go on in, kept at the end."""

    def __init__(self, *options, data=None):
        if not shutil.which("redis-server"):
            skip("redis-server is not installed")
        self.folder = tempfile.mkdtemp(prefix="wl-redis-")
        self.socket = os.path.join(self.folder, "r.sock")
        self.data = data or os.path.join(self.folder, "data")
        self.options = options
        self.process = None
        self.start()

    def start(self, ready=True, wrapper=()):
        """wrapper: words before redis-server, such as strace with its options."""
        os.makedirs(self.data, exist_ok=True)
        self.process = subprocess.Popen(
            [*wrapper, "redis-server", "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700",
             "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir", self.data, *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        if ready:
            wait_for(lambda: self.cli("PING").stdout.strip() in ("PONG", "NOAUTH Authentication required."), "our Redis")
        if wrapper:
            self.pid = int(next(line.split(":")[1] for line in self.cli("INFO", "server").stdout.splitlines()
                                if line.startswith("process_id")))

    def cli(self, *command):
        return subprocess.run(["redis-cli", "-s", self.socket, *command], capture_output=True, text=True, timeout=60)

    def say(self, *command):
        """What it answers; an error fails the test."""
        result = self.cli("-e", *command)
        assert result.returncode == 0, f"{' '.join(command)}: {result.stdout}{result.stderr}"
        return result.stdout.strip()

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGCONT)
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def server_settings(socket, more="", feeds=FEED_CYP, receivers=RECEIVER_SPOOL):
    return (f"instance: black-country\nstate: ./state\nredis: {{mode: server, socket: \"{socket}\"{more}}}\n"
            "plans: [plan.yaml]\nroutes: {ops: [spool], governance: [spool], fallback: [spool]}\n"
            f"feeds:\n{feeds}receivers:\n{receivers}")


def on_server(build, server, more="", **options):
    """An Instance whose Redis is at server.socket (a Server, a proxy or a fake). more: further keys of redis:"""
    shapes = {k: options.pop(k) for k in ("feeds", "receivers") if k in options}
    return Instance(build, settings=server_settings(server.socket, more, **shapes), **options)


def link_to(path, socket):
    """Makes path, which settings may name as the socket, lead to another server from now on."""
    os.symlink(socket, path + ".new")
    os.rename(path + ".new", path)
