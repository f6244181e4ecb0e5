"""What is posted through a proxy: in a tunnel, so that it sees a name and no content, and what it says is no answer."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from http_server import Answer, HttpServer
from proxy_server import ProxyServer
from smtp_server import SmtpServer
from test_deliver import JSON, Folder, outcome
from waitlist import run_tests

HOST = "receiver.example"


def through(f, build, proxy, **more):
    return f.run(build, **dict({"kind": "webhook", "url": f"https://{HOST}/x", "secret": f.secret, "proxy": f"http://127.0.0.1:{proxy.port}"}, **more))


def test_a_webhook_goes_through_the_proxy_in_a_tunnel_that_shows_no_header_of_ours(build):
    with Folder() as f:
        both, authority = f.certificate(HOST)
        with HttpServer(certificate=both) as http, ProxyServer({HOST: http.port}) as proxy:
            assert outcome(through(f, build, proxy, ca=authority)) == ("delivered", 200)
            assert proxy.asked == [f"CONNECT {HOST}:443 HTTP/1.1"] and "webhook" not in proxy.heads[0].lower(), proxy.heads
            assert http.requests[0].body == JSON


def test_a_certificate_is_asked_of_the_receiver_also_behind_a_proxy(build):
    with Folder() as f:
        both, authority = f.certificate("another.example")
        with HttpServer(certificate=both) as http, ProxyServer({HOST: http.port}) as proxy:
            assert outcome(through(f, build, proxy, ca=authority)) == ("connection-failed", 0)
            assert outcome(through(f, build, proxy)) == ("connection-failed", 0) and not http.requests


def test_what_a_proxy_answers_is_no_answer_of_the_receiver(build):
    for answer in ("HTTP/1.1 407 who are you\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 410 gone\r\nContent-Length: 0\r\n\r\n",
                   "HTTP/1.1 403 no\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 tunnel\r\n\r\n", "HTTP/1.1 302 go\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"):
        with Folder() as f, ProxyServer(answer=answer) as proxy:
            assert outcome(through(f, build, proxy)) == ("connection-failed", 0), answer
            assert len(proxy.asked) == 1


def test_the_receivers_own_status_decides_behind_a_proxy(build):
    for code, wanted in ((204, "delivered"), (410, "refused-for-good"), (503, "connection-failed")):
        with Folder() as f, HttpServer([Answer(code)]) as http, ProxyServer({HOST: http.port}) as proxy:
            assert outcome(through(f, build, proxy, url=f"http://{HOST}/x", private=1)) == (wanted, code)
            assert proxy.asked == [f"CONNECT {HOST}:80 HTTP/1.1"]


def test_hosts_that_are_named_and_this_host_are_reached_without_the_proxy(build):
    with Folder() as f, ProxyServer() as proxy:
        through(f, build, proxy, no_proxy="another.example")
        assert proxy.asked.pop() == f"CONNECT {HOST}:443 HTTP/1.1"
        assert outcome(through(f, build, proxy, url="https://192.0.2.1/", no_proxy="192.0.2.1")) == ("connection-failed", 0)
        assert not proxy.asked, "an address that is no public one is refused where we connect ourselves"
        with HttpServer() as http:
            for host in ("127.0.0.1", "localhost"):
                assert outcome(through(f, build, proxy, url=f"http://{host}:{http.port}/", private=1)) == ("delivered", 200)
        assert not proxy.asked


def test_mail_goes_without_the_proxy(build):
    with Folder() as f, SmtpServer() as smtp, ProxyServer() as proxy:
        assert outcome(f.mail(build, smtp.port, proxy=f"http://127.0.0.1:{proxy.port}")) == ("delivered", 250)
        assert not proxy.asked


if __name__ == "__main__":
    run_tests(globals())
