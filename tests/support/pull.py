"""pull - a daemon that fetches its feed from a scripted server on loopback

    with HttpServer([file(three(6), etag='"1"')]) as http, pulled(build, http.port) as w: ...
"""
from http_server import Answer
from waitlist import Instance

FEED = ("  - {{id: cyp4ww, kind: aggregate, format: mhsds, transport: pull, url: \"{url}\", every: {every}{more},"
        " cadence: monthly, grace: 45d, providers: [TAJ], keep: [QUA, TAJ, England]}}\n")


def file(text, etag=None, modified=None, code=200, **more):
    """An answer with a file."""
    headers = {"Content-Type": "text/csv"}
    if etag:
        headers["ETag"] = etag
    if modified:
        headers["Last-Modified"] = modified
    return Answer(code, headers, body=text if isinstance(text, bytes) else text.encode(), **more)


def raw(head, body):
    """An answer whose head is just so."""
    body = body if isinstance(body, bytes) else body.encode()
    return Answer(raw=("HTTP/1.1 200 OK\r\n" + "".join(line + "\r\n" for line in head) + "\r\n").encode() + body)


def pulled(build, port, every="1s", more=", allow_private: true", url=None, at="2024-06-10T12:00", start=True, **options):
    w = Instance(build, feeds=FEED.format(url=url or f"http://127.0.0.1:{port}/files/4ww.csv", every=every, more=more),
                 **options)
    if start:
        w.start(at)
    return w
