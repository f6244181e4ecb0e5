"""redis_client - a client of the tests' own that can read, keep and put back all that a Redis holds"""
import socket


class RedisError(Exception):
    pass


class RedisClient:
    """Binary-safe and pipelined; replies as bytes, int, None, list, or RedisError as a value."""

    def __init__(self, path):
        self.connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.connection.settimeout(20)
        self.connection.connect(path)
        self.file = self.connection.makefile("rb")

    def close(self):
        self.file.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _reply(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        n = int(rest)
        if kind == b"$":
            return self.file.read(n + 2)[:-2] if n >= 0 else None
        return [self._reply() for _ in range(n)] if n >= 0 else None

    def many(self, commands):
        """Sends all, then reads all."""
        out = []
        for words in commands:
            words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
            out.append(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        self.connection.sendall(b"".join(out))
        replies = [self._reply() for _ in commands]
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
        return replies

    def call(self, *words):
        return self.many([words])[0]

    # ---- all it holds ----------------------------------------------------------------------------
    def save(self):
        """Every key as DUMP gives it."""
        keys = self.call("KEYS", "*")
        return list(zip(keys, self.many([("DUMP", k) for k in keys])))

    def put_back(self, saved):
        self.many([("FLUSHALL",), *[("RESTORE", k, 0, dump) for k, dump in saved]])

    READERS = {b"string": ("GET",), b"hash": ("HGETALL",), b"set": ("SMEMBERS",), b"list": ("LRANGE", 0, -1),
               b"zset": ("ZRANGE", 0, -1, "WITHSCORES"), b"stream": ("XRANGE", "-", "+")}

    def read(self):
        """{key: (type, content)}; a hash as a dict, a set as a sorted list, a stream as its entries' dicts."""
        keys = sorted(self.call("KEYS", "*"))
        types = self.many([("TYPE", k) for k in keys])
        contents = self.many([(self.READERS[t][0], k, *self.READERS[t][1:]) for k, t in zip(keys, types)])
        out = {}
        for key, kind, content in zip(keys, types, contents):
            if kind == b"hash":
                content = dict(zip(content[::2], content[1::2]))
            elif kind == b"set":
                content = sorted(content)
            elif kind == b"stream":
                content = [dict(zip(fields[::2], fields[1::2])) for _, fields in content]
            out[key.decode()] = (kind.decode(), content)
        return out
