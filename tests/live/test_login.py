"""How a mail's relay is logged in to, and whom a mail may go to; against a relay that checks the login itself."""
import base64
import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from http_server import Answer, HttpServer
from smtp_server import SmtpServer
from test_deliver import Folder, outcome
from waitlist import run_tests

NAME, WORD, SECRET = "monitor@example.nhs.uk", "open-sesame", "a secret of the client/+="
TOKEN = "eyJ0.first.-_~"
XOAUTH2 = 3  # enum mail_login
ANY, PLAIN, LOGIN = 0, 1, 2


def token_answer(token=TOKEN, lasts=3600, **more):
    return Answer(200, body=json.dumps(dict({"token_type": "Bearer", "access_token": token, "expires_in": lasts}, **more)).encode())


def by_token(f, build, smtp, endpoint, **more):
    """The attempts' results, and none of them says a secret."""
    results = f.mail(build, smtp.port, **dict({
        "user": NAME, "auth": XOAUTH2, "token_url": f"http://127.0.0.1:{endpoint.port}/tenant/token", "private": 1,
        "client_id": "the-client", "client_secret": f.write("client.secret", SECRET + "\n"), "scope": "https://relay.example/.default"}, **more))
    assert not any(word in r.get("text", "") for r in results for word in (TOKEN, SECRET, "the-client")), results
    return results


def test_a_relay_is_logged_in_to_by_plain_or_login_as_it_offers_over_tls_alone(build):
    with Folder() as f:
        word = f.write("password", WORD + "\n")
        both, authority = f.certificate()
        for offered, auth, wanted in (("PLAIN", ANY, "PLAIN"), ("LOGIN", ANY, "LOGIN"), ("LOGIN PLAIN", LOGIN, "LOGIN"),
                                      ("LOGIN PLAIN", PLAIN, "PLAIN"), ("CRAM-MD5 LOGIN", ANY, "LOGIN")):
            for tls, implicit in (("required", False), ("implicit", True)):
                with SmtpServer(certificate=both, implicit=implicit, login=offered, passwords={NAME: WORD}) as smtp:
                    r = f.mail(build, smtp.port, tls=tls, ca=authority, user=NAME, password=word, auth=auth)
                    assert outcome(r) == ("delivered", 250), (offered, auth, tls, r)
                    assert smtp.logins == [(wanted, NAME, WORD, "tls")], smtp.logins


def test_a_login_of_a_kind_that_is_not_offered_is_refused_and_no_other_is_tried(build):
    with Folder() as f:
        word = f.write("password", WORD + "\n")
        for offered, auth in (("PLAIN", LOGIN), ("LOGIN", PLAIN), ("CRAM-MD5", ANY), ("PLAIN LOGIN", XOAUTH2)):
            with SmtpServer({"MAIL": "530 5.7.0 log in first"}, login=offered, passwords={NAME: WORD}) as smtp, HttpServer([token_answer()]) as endpoint:
                r = by_token(f, build, smtp, endpoint) if auth == XOAUTH2 else f.mail(build, smtp.port, user=NAME, password=word, auth=auth)
                assert r[0]["outcome"] == "login-refused" and not smtp.logins and not smtp.mails, (offered, auth, r)


def test_an_access_token_is_fetched_with_the_clients_credentials_and_kept_for_the_next_mail(build):
    with Folder() as f, HttpServer([token_answer()]) as endpoint, SmtpServer(login="XOAUTH2", passwords={NAME: TOKEN}) as smtp:
        r = by_token(f, build, smtp, endpoint, repeat=2, turns=1)
        assert [x["outcome"] for x in r] == ["delivered"] * 2, r
        assert smtp.logins == [("XOAUTH2", NAME, TOKEN, "clear")] * 2
        asked, = endpoint.requests
        assert asked.method == "POST" and asked.path == "/tenant/token"
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert urllib.parse.parse_qs(asked.body.decode(), strict_parsing=True) == {
            "grant_type": ["client_credentials"], "client_id": ["the-client"], "client_secret": [SECRET],
            "scope": ["https://relay.example/.default"]}, asked.body


def test_a_token_that_ends_within_a_minute_is_fetched_again_for_the_next_mail(build):
    with Folder() as f, HttpServer([token_answer(lasts=60)]) as endpoint, SmtpServer(login="XOAUTH2", passwords={NAME: TOKEN}) as smtp:
        r = by_token(f, build, smtp, endpoint, repeat=2, turns=1)
        assert [x["outcome"] for x in r] == ["delivered"] * 2 and len(endpoint.requests) == 2, (r, len(endpoint.requests))


def test_a_kept_token_that_is_refused_is_fetched_again_once(build):
    for then, wanted in (("second", "delivered"), ("another", "login-refused")):
        with Folder() as f, HttpServer([token_answer(), token_answer("second")]) as endpoint, SmtpServer(login="XOAUTH2") as smtp:
            class Withdrawn(dict):
                """The first token is good for the first login alone."""

                def get(self, name, otherwise=None):
                    return TOKEN if len(smtp.logins) == 1 else then

            smtp.passwords = Withdrawn()
            r = by_token(f, build, smtp, endpoint, repeat=2, turns=1)
            assert [x["outcome"] for x in r] == ["delivered", wanted], r
            assert [secret for _, _, secret, _ in smtp.logins] == [TOKEN, TOKEN, "second"] and len(endpoint.requests) == 2


def test_a_fresh_token_that_is_refused_is_the_receivers_fault_and_not_fetched_again_at_once(build):
    with Folder() as f, HttpServer([token_answer()]) as endpoint, SmtpServer(login="XOAUTH2", passwords={}) as smtp:
        r = by_token(f, build, smtp, endpoint)
        assert outcome(r)[0] == "login-refused" and "refused the login" in r[0]["text"] and len(endpoint.requests) == 1 and len(smtp.logins) == 1, r


def test_what_a_token_endpoint_answers_has_its_outcome_and_the_relay_is_not_asked(build):
    html = Answer(200, body=b"<html>log in</html>")
    rows = [(Answer(400, body=b'{"error":"invalid_client"}'), "login-refused"), (Answer(401), "login-refused"), (Answer(403), "login-refused"),
            (Answer(429, {"Retry-After": "7"}), "connection-failed"), (Answer(500), "connection-failed"), (Answer(503), "connection-failed"),
            (Answer(302, {"Location": "http://127.0.0.1:9/"}), "connection-failed"), (Answer(0), "connection-failed"), (html, "connection-failed"),
            (token_answer(""), "connection-failed"), (token_answer("a b"), "connection-failed"), (token_answer("a\r\nMAIL"), "connection-failed"),
            (token_answer(7), "connection-failed"), (token_answer("x" * 17000), "connection-failed"),
            (token_answer(pad="x" * 70000), "connection-failed"), (Answer(200, body=b"x", endless=True), "connection-failed")]
    for answer, wanted in rows:
        with Folder() as f, HttpServer([answer]) as endpoint, SmtpServer(login="XOAUTH2", passwords={NAME: TOKEN}) as smtp:
            r, = by_token(f, build, smtp, endpoint)
            assert r["outcome"] == wanted and smtp.connections == 0, (answer.code, answer.body[:40], r)
            assert r["retry_after"] == ("7" if answer.code == 429 else "0"), r


def test_a_token_endpoint_with_a_bad_certificate_is_told_no_secret(build):
    with Folder() as f, SmtpServer(login="XOAUTH2", passwords={NAME: TOKEN}) as smtp:
        both, authority = f.certificate()
        with HttpServer([token_answer()], certificate=both) as endpoint:
            url = f"https://127.0.0.1:{endpoint.port}/token"
            assert by_token(f, build, smtp, endpoint, token_url=url)[0]["outcome"] == "connection-failed" and not endpoint.requests
            assert by_token(f, build, smtp, endpoint, token_url=url, token_ca=authority)[0]["outcome"] == "delivered"


def test_freeing_while_a_token_is_fetched_ends_at_once(build):
    with Folder() as f, HttpServer([Answer(200, before=60)]) as endpoint, SmtpServer(login="XOAUTH2") as smtp:
        assert by_token(f, build, smtp, endpoint, free_after_ms=200) == []


def test_a_mail_goes_only_to_the_domains_that_are_listed_and_below_them(build):
    with Folder() as f, SmtpServer() as smtp:
        for to, may in (("a@nhs.net", True), ("a@NHS.NET", True), ("a@trust.nhs.net", True), ("a@evilnhs.net", False),
                        ("a@nhs.net.example.org", False), ("a@nhs", False)):
            before = smtp.connections
            r = f.mail(build, smtp.port, to=to, domain="nhs.net")
            assert outcome(r) == (("delivered", 250) if may else ("refused-for-good", 0)), (to, r)
            assert (smtp.connections > before) == may, to


if __name__ == "__main__":
    run_tests(globals())
