"""A fake server's socket: each client is served by a thread of its own.

class Fake(Listening):
    def __init__(self): self.listen(socket.create_server(("127.0.0.1", 0)))
    def serve(self, s): ...
"""
import os
import socket
import threading


class Listening:
    """listen() sets .port, or None for a unix socket; .connections counts who came."""
    connections, port = 0, None

    def listen(self, listener):
        self.listener, self.connections_lock = listener, threading.Lock()
        if listener.family == socket.AF_INET:
            self.port = listener.getsockname()[1]
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    def listen_beside(self, folder, name, tcp=False):
        """As a Redis: by TCP, or at a unix socket of that name, whose path is .socket either way."""
        self.socket = os.path.join(folder, name)
        if tcp:
            self.listen(socket.create_server(("127.0.0.1", 0), backlog=64))
            return
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.socket)
        listener.listen(64)
        self.listen(listener)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which would keep the port open
        except OSError:
            pass
        self.accepting.join(10)  # or it would accept for whoever is given the same descriptor next
        self.listener.close()

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            with self.connections_lock:
                self.connections += 1
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()
