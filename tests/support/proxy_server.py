"""proxy_server - a proxy on loopback that opens tunnels (CONNECT); standard library alone

ProxyServer({"receiver.example": port}): names that it knows, and the loopback ports that they lead to
asked    each request line, and .heads what came with it
answer   sent in the place of a tunnel, where given
"""
import select
import socket

from listening import Listening


class ProxyServer(Listening):
    def __init__(self, names=None, answer=None):
        self.names, self.answer, self.asked, self.heads = names or {}, answer, [], []
        self.listen(socket.create_server(("127.0.0.1", 0)))

    def serve(self, s):
        try:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = s.recv(1)
                if not byte:
                    return
                head += byte
            line = head.split(b"\r\n")[0].decode()
            self.asked.append(line)
            self.heads.append(head.decode("latin-1"))
            if self.answer:
                s.sendall(self.answer.encode())
                return
            method, target, _ = line.split()
            assert method == "CONNECT", line
            with socket.create_connection(("127.0.0.1", self.names[target.rsplit(":", 1)[0]])) as to:
                s.sendall(b"HTTP/1.1 200 tunnel\r\n\r\n")
                self._relay(s, to)
        except (OSError, KeyError, AssertionError):
            pass
        finally:
            s.close()

    def _relay(self, a, b):
        while True:
            for s in select.select([a, b], [], [])[0]:
                part = s.recv(65536)
                if not part:
                    return
                (b if s is a else a).sendall(part)
