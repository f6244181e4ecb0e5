"""The doctor asks as deliveries do: by access token, through a proxy, a channel's workflow, an Alertmanager."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from faults import certificate
from http_server import Answer, HttpServer
from proxy_server import ProxyServer
from smtp_server import SmtpServer
from test_doctor import doctor, holds
from waitlist import Instance, RECEIVER_SPOOL, run_tests

NAME, TOKEN, SECRET = "monitor@example.nhs.uk", "a.token.of.the.endpoint", "a-secret-of-the-client"
MAIL = ('  - {{id: {id}, kind: email, to: lead@example.nhs.uk, from: monitor@example.nhs.uk, tls: "off", smtp: "smtp://127.0.0.1:{smtp}",\n'
        '     user: ' + NAME + ', auth: xoauth2, token_url: "http://127.0.0.1:{port}/tenant-key/token", client_id: the-client,\n'
        '     client_secret_file: client.secret, allow_private: true}}\n')
TOKEN_ANSWER = Answer(200, body=json.dumps({"token_type": "Bearer", "access_token": TOKEN, "expires_in": 3600}).encode())


def secrets(w, **files):
    for name, content in files.items():
        w.write(name + ".secret", content + "\n")
        os.chmod(w.path(name + ".secret"), 0o600)


def test_a_relay_is_logged_in_to_with_a_token_that_is_fetched_and_what_refuses_is_named(build):
    with HttpServer([TOKEN_ANSWER]) as endpoint, HttpServer([Answer(401, body=b'{"error": "invalid_client"}')]) as refuses, \
            HttpServer([Answer(200, body=b"{}")]) as empty, SmtpServer(login="XOAUTH2", passwords={NAME: TOKEN}) as relay, \
            SmtpServer(login="XOAUTH2", passwords={NAME: "another"}) as locked:
        receivers = RECEIVER_SPOOL + "".join(MAIL.format(id=id, smtp=smtp.port, port=at.port) for id, smtp, at in (
            ("good", relay, endpoint), ("refused", relay, refuses), ("none", relay, empty), ("locked", locked, endpoint)))
        with Instance(build, receivers=receivers) as w:
            secrets(w, client=SECRET)
            w.start("2024-09-10")
            checks = doctor(w, 1)
            write, edit = f"install -m 600 /dev/stdin {w.path('client.secret')}", f"editor {w.path('waitlistd.yaml')}"
            holds(checks, [("fail", "token", "receiver refused", f"http://127.0.0.1:{refuses.port}: it refuses client_id", write),
                           ("fail", "token", "receiver none", f"http://127.0.0.1:{empty.port}: it gives no access token: HTTP 200", edit),
                           ("fail", "login", "receiver locked", f"smtp://127.0.0.1:{locked.port}: it refuses", write)])
            assert any(c["level"] == "ok" and c["check"] == "smtp" and c["subject"] == "receiver good" for c in checks), checks
            assert ("XOAUTH2", NAME, TOKEN, "clear") in relay.logins and not relay.mails, relay.logins
            told = json.dumps(checks)
            assert not any(word in told for word in (TOKEN, SECRET, "tenant-key", "invalid_client")), "no secret is in it"


def test_what_is_posted_is_looked_for_through_the_proxy_as_deliveries_go(build):
    with Instance(build) as folder:
        both, authority = certificate(folder, "receiver.example", days=400)
        with HttpServer(certificate=both) as http, ProxyServer({"receiver.example": http.port}) as proxy:
            hook = '  - {{id: {id}, kind: webhook, url: "https://{host}/key", secret_file: hook.secret, ca_file: {ca}}}\n'
            receivers = RECEIVER_SPOOL + "".join(hook.format(id=id, host=host, ca=authority) for id, host in (
                ("inside", "receiver.example"), ("excepted", "a.excepted.invalid")))
            settings = f'proxy: "http://127.0.0.1:{proxy.port}"\nno_proxy: [excepted.invalid]\n'
            with Instance(build, receivers=receivers, extra=settings) as w:
                secrets(w, hook="whsec_" + "c2VjcmV0" * 5)
                w.start("2024-09-10")
                checks = doctor(w, 1)
                holds(checks, [("fail", "dns", "receiver excepted", "its name is not found", "getent ahosts a.excepted.invalid")])
                assert any(c["level"] == "ok" and c["subject"] == "receiver inside" for c in checks), checks
                assert any(c["level"] == "ok" and c["check"] == "proxy" and c["subject"] == "settings" for c in checks), checks
                assert proxy.asked == ["CONNECT receiver.example:443 HTTP/1.1"] and not http.requests, proxy.asked
                proxy.answer = "HTTP/1.1 403 not there\r\n\r\n"
                edit = f"editor {w.path('waitlistd.yaml')}"
                holds(doctor(w, 1), [("fail", "proxy", "receiver inside", "lets nobody through to it", edit)])
                proxy.close()
                holds(doctor(w, 1), [("fail", "proxy", "receiver inside", "the proxy cannot be connected to", edit)])


def test_a_channels_workflow_and_an_alertmanager_are_connected_to_and_told_nothing(build):
    with HttpServer() as manager, HttpServer() as flow:
        gone = HttpServer()
        gone.close()
        kinds = (f'  - {{id: manager, kind: alertmanager, url: "http://127.0.0.1:{manager.port}", allow_private: true}}\n'
                 "  - {id: channel, kind: teams, url_file: channel.secret, allow_private: true}\n"
                 "  - {id: closed, kind: teams, url_file: closed.secret, allow_private: true}\n")
        with Instance(build, receivers=RECEIVER_SPOOL + kinds) as w:
            secrets(w, channel=f"http://127.0.0.1:{flow.port}/workflows/a-key", closed=f"http://127.0.0.1:{gone.port}/workflows/a-key")
            w.start("2024-09-10")
            checks = doctor(w, 1)
            holds(checks, [("fail", "connect", "receiver closed", f"http://127.0.0.1:{gone.port}: nothing listens there", "editor")])
            assert {"receiver manager", "receiver channel"} <= {c["subject"] for c in checks if c["level"] == "ok"}, checks
            assert "a-key" not in json.dumps(checks) and not manager.requests and not flow.requests


if __name__ == "__main__":
    run_tests(globals())
