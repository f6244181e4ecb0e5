"""Spool, webhook and mail against loopback servers that answer as badly as servers do."""
import base64
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from hook import signature
from http_server import Answer, HttpServer
from listening import Listening
from smtp_server import SmtpServer
from waitlist import PATIENCE_S, run_tests, skip

ID = "00112233445566778899aabbccddeeff"
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OLDER = "whsec_" + base64.b64encode(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345").decode()
EML = (b"From: waitlistd <monitor@example.nhs.uk>\r\nTo: <lead@example.nhs.uk>\r\nSubject: x\r\n\r\n"
       b"first\r\n.a line that begins with a dot\r\n.\r\nlast\r\n")
JSON = b'{"specversion":"1.0"}'
HOOK = "url=http://127.0.0.1:{}/x"


class Folder:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="deliver-")
        self.eml, self.json = self.write("m.eml", EML), self.write("m.json", JSON)
        self.secret = self.write("secret", SECRET + "\n")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def write(self, name, content):
        path = os.path.join(self.path, name)
        with open(path, "wb" if isinstance(content, bytes) else "w") as f:
            f.write(content)
        return path

    def run(self, build, **options):
        """The attempts' results as dicts, in the order of their ends."""
        options = dict({"eml": self.eml, "json": self.json}, **options)
        env = dict(os.environ, http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9", all_proxy="http://127.0.0.1:9")
        p = subprocess.run([os.path.join(build, "tests/live/deliver_once")] + [f"{k}={v}" for k, v in options.items()],
                           capture_output=True, text=True, timeout=60 * PATIENCE_S, env=env)
        assert p.returncode == 0, (p.returncode, p.stderr[-3000:])
        assert not p.stderr, p.stderr[-3000:]
        return [dict(re.findall(r"(\w+)=((?<=text=).*|\S*)", line)) for line in p.stdout.splitlines()
                if line.startswith(("outcome=", "refused="))]

    def post(self, build, port, **options):
        return self.run(build, kind="webhook", url=f"http://127.0.0.1:{port}/x", secret=self.secret, private=1, **options)

    def mail(self, build, port, **options):
        options = dict({"kind": "email", "smtp": f"smtp://127.0.0.1:{port}", "to": "lead@example.nhs.uk",
                        "from": "monitor@example.nhs.uk", "tls": "off"}, **options)
        return self.run(build, **options)

    def certificate(self, name="127.0.0.1"):
        if not shutil.which("openssl"):
            skip("openssl is not installed")
        key, cert = os.path.join(self.path, "key.pem"), os.path.join(self.path, "cert.pem")
        alt = f"IP:{name}" if name[0].isdigit() else f"DNS:{name}"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={alt}"],
                       check=True, capture_output=True)
        with open(key, "rb") as k, open(cert, "rb") as c:
            return self.write("both.pem", k.read() + c.read()), cert


def outcome(results):
    assert len(results) == 1, results
    return results[0]["outcome"], int(results[0]["code"])


# ---- spool

def test_the_spool_holds_both_files_under_the_delivery_id_and_again_the_same(build):
    with Folder() as f:
        spool = os.path.join(f.path, "deep", "spool")
        for _ in range(2):
            assert outcome(f.run(build, kind="spool", dir=spool)) == ("delivered", 0)
            assert sorted(os.listdir(spool)) == [ID + ".eml", ID + ".json"]
        assert open(os.path.join(spool, ID + ".eml"), "rb").read() == EML
        assert open(os.path.join(spool, ID + ".json"), "rb").read() == JSON
        assert os.stat(spool).st_mode & 0o777 == 0o700
        assert os.stat(os.path.join(spool, ID + ".eml")).st_mode & 0o777 == 0o600


def test_a_spool_that_is_no_folder_is_the_receivers_fault(build):
    with Folder() as f:
        assert outcome(f.run(build, kind="spool", dir=f.eml))[0] == "connection-failed"


def test_what_a_crash_left_or_someone_planted_is_not_written_through(build):
    with Folder() as f:
        spool, victim = os.path.join(f.path, "spool"), f.write("victim", "kept")
        os.mkdir(spool)
        os.symlink(victim, os.path.join(spool, f".{ID}.eml.part"))
        assert outcome(f.run(build, kind="spool", dir=spool)) == ("delivered", 0)
        assert open(victim).read() == "kept" and not os.path.islink(os.path.join(spool, ID + ".eml"))


def test_an_id_that_is_no_file_name_is_refused(build):
    with Folder() as f:
        assert f.run(build, kind="spool", dir=f.path, id="../x") == [{"refused": "Invalid"}]


# ---- webhook

def test_a_webhook_is_signed_with_each_secret_in_rotation_and_the_time_of_the_try(build):
    with Folder() as f, HttpServer() as http:
        f.write("secret", f"{SECRET}\n{OLDER}\n")
        assert outcome(f.post(build, http.port)) == ("delivered", 200)
        r, = http.requests
        assert r.body == JSON and r.headers["webhook-id"] == ID
        assert r.headers["content-type"].startswith("application/cloudevents+json")
        assert r.headers["webhook-signature"].split(" ") == [signature(SECRET, r), signature(OLDER, r)]
        assert abs(int(r.headers["webhook-timestamp"]) - time.time()) < 60
        assert "expect" not in r.headers


def test_each_status_has_its_outcome(build):
    rows = {200: "delivered", 201: "delivered", 204: "delivered", 299: "delivered", 301: "refused", 302: "refused",
            307: "refused", 304: "refused", 400: "refused", 401: "refused", 404: "refused", 410: "refused-for-good",
            429: "connection-failed", 500: "refused", 502: "connection-failed", 503: "connection-failed",
            504: "connection-failed"}
    for code, wanted in rows.items():
        with Folder() as f, HttpServer([Answer(code)]) as http:
            assert outcome(f.post(build, http.port)) == (wanted, code), code


def test_retry_after_is_honoured_within_a_second_and_an_hour_and_junk_ignored(build):
    soon = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 120))
    rows = [("7", 7, 7), (soon, 100, 121), ("Sun, 06 Nov 1994 08:49:37 GMT", 1, 1), ("0", 1, 1), ("-1", 0, 0),
            ("1000000000000", 3600, 3600), ("9" * 50, 3600, 3600), ("1e12", 0, 0), ("soon", 0, 0), ("", 0, 0), ("5 minutes", 0, 0)]
    for text, low, high in rows:
        with Folder() as f, HttpServer([Answer(429, {"Retry-After": text})]) as http:
            r, = f.post(build, http.port)
            assert low <= int(r["retry_after"]) <= high, (text, r)


def test_a_redirect_is_not_followed(build):
    with Folder() as f, HttpServer() as target:
        with HttpServer([Answer(307, {"Location": f"http://127.0.0.1:{target.port}/y"})]) as http:
            assert outcome(f.post(build, http.port)) == ("refused", 307)
        assert target.connections == 0


def test_nobody_there_costs_no_try_and_no_answer_is_unknown(build):
    with Folder() as f:
        with HttpServer() as gone:
            port = gone.port
        assert outcome(f.post(build, port)) == ("connection-failed", 0)
        with HttpServer([Answer(0)]) as http:
            assert outcome(f.post(build, http.port)) == ("unknown", 0)
            assert len(http.requests) == 1
        with HttpServer([Answer(raw=b"HTTP/1.1 100 Continue\r\n\r\n")]) as http:
            assert outcome(f.post(build, http.port)) == ("unknown", 0)


def test_what_is_no_status_line_is_no_answer(build):
    for line in (b"HTTP/\x01 junk", b"HTTP/1.1", b"HTTP/1.1 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1 20", b"HTTP/proxy error",
                 b"HTTP/ 200 OK"):
        with Folder() as f, HttpServer([Answer(raw=line + b"\r\n\r\n")]) as http:
            assert outcome(f.post(build, http.port)) == ("unknown", 0), line
    with Folder() as f, HttpServer([Answer(raw=b"HTTP/1.0 202\r\n\r\n")]) as http:
        assert outcome(f.post(build, http.port)) == ("delivered", 202)


def test_the_status_decides_over_an_endless_dripping_or_reset_reply(build):
    for answer in (Answer(200, endless=True), Answer(200, reset=True), Answer(200, drip=0.05),
                   Answer(200, {f"X-{i}": "y" * 900 for i in range(90)})):
        with Folder() as f, HttpServer([answer]) as http:
            r = f.run(build, kind="post", url=f"http://127.0.0.1:{http.port}/x", private=1, timeout_ms=1500)
            assert outcome(r) == ("delivered", 200), (vars(answer), r)
            assert http.sent < 8 << 20


class Hasty(Listening):
    """Says 200 to the head of a request, and reads nothing of its body."""

    def __init__(self):
        self.listen(socket.create_server(("127.0.0.1", 0)))
        self.ended = threading.Event()

    def serve(self, s):
        with s:
            s.recv(100)
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            self.ended.wait()

    def close(self):
        self.ended.set()
        super().close()


def test_an_answer_that_comes_before_the_whole_message_has_left_delivers_nothing(build):
    with Folder() as f, Hasty() as http:
        f.json = f.write("long.json", b"x" * (15 << 20))  # more than socket buffers hold
        r = f.run(build, kind="post", url=f"http://127.0.0.1:{http.port}/x", private=1, timeout_ms=1500)
        assert outcome(r)[0] == "unknown", r


def test_a_server_that_hangs_frees_its_place_and_holds_up_nobody(build):
    with Folder() as f, HttpServer([Answer(200, before=30)]) as http:
        started = time.monotonic()
        r = f.run(build, kind="post", url=f"http://127.0.0.1:{http.port}/x", private=1, timeout_ms=700, repeat=20)
        assert [x["outcome"] for x in r] == ["unknown"] * 20 and time.monotonic() - started < 5 * PATIENCE_S
        assert int(r[-1]["stall_ms"]) < 300 * PATIENCE_S, r[-1]


def test_inside_addresses_and_plain_http_are_refused_before_a_byte_leaves(build):
    with Folder() as f, HttpServer() as http:
        for url in (f"https://127.0.0.1:{http.port}/", f"https://localhost:{http.port}/", f"https://[::ffff:127.0.0.1]:{http.port}/",
                    f"https://2130706433:{http.port}/"):
            r = f.run(build, kind="webhook", url=url, secret=f.secret, private=0)
            assert outcome(r) == ("connection-failed", 0) and "allow_private" in r[0]["text"], r
        for url in (f"http://127.0.0.1:{http.port}/", "file:///etc/passwd", f"gopher://127.0.0.1:{http.port}/"):
            r = f.run(build, kind="webhook", url=url, secret=f.secret, private=0)
            assert r[0].get("outcome") != "delivered", r
            # By its scheme, before any address is looked at: a public one would otherwise be reached in clear.
            assert "rotocol" in r[0].get("text", ""), r
        assert http.connections == 0


def test_a_bad_certificate_is_refused_and_a_named_authority_accepted(build):
    with Folder() as f:
        both, authority = f.certificate()
        with HttpServer(certificate=both) as http:
            url = f"https://127.0.0.1:{http.port}/x"
            assert outcome(f.run(build, kind="webhook", url=url, secret=f.secret, private=1))[0] == "connection-failed"
            assert not http.requests
            assert outcome(f.run(build, kind="webhook", url=url, secret=f.secret, private=1, ca=authority)) == ("delivered", 200)
        both, authority = f.certificate("elsewhere.example")
        with HttpServer(certificate=both) as http:
            url = f"https://127.0.0.1:{http.port}/x"
            assert outcome(f.run(build, kind="webhook", url=url, secret=f.secret, private=1, ca=authority))[0] == "connection-failed"
            assert not http.requests


def test_a_secret_that_is_missing_or_short_sends_nothing(build):
    with Folder() as f, HttpServer() as http:
        for content in ("", "\n", "password\n", "whsec_c2hvcnQ=\n", "whsec_!!!!\n", SECRET + "\njunk\n", "x" * 9000):
            f.write("secret", content)
            r = f.post(build, http.port)
            assert outcome(r) == ("connection-failed", 0), (content, r)
            assert "c2hvcnQ" not in r[0]["text"]
        os.unlink(f.secret)
        assert outcome(f.post(build, http.port)) == ("connection-failed", 0)
        assert http.connections == 0


def test_freeing_with_transfers_in_flight_ends_at_once(build):
    with Folder() as f, HttpServer([Answer(200, before=30)]) as http, SmtpServer(hang_at="DOT") as smtp:
        started = time.monotonic()
        assert f.post(build, http.port, repeat=5, free_after_ms=300) == []
        assert f.mail(build, smtp.port, repeat=6, free_after_ms=300) == []
        assert time.monotonic() - started < 5 * PATIENCE_S


# ---- mail

def test_a_mail_arrives_as_it_was_frozen_once_to_one_recipient(build):
    with Folder() as f, SmtpServer() as smtp:
        assert outcome(f.mail(build, smtp.port)) == ("delivered", 250)
        (sender, to, mail, raw), = smtp.mails
        assert mail == EML and b"\r\n..\r\n" in raw, mail
        assert sender.startswith(b"MAIL FROM:<monitor@example.nhs.uk>") and to == [b"RCPT TO:<lead@example.nhs.uk>\r\n"]


def test_each_reply_code_at_each_step_has_its_outcome(build):
    connection, refused, good = "connection-failed", "refused", "refused-for-good"
    for verb in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT"):
        for code in (421, 450, 451, 452, 550, 552, 554):
            wanted = connection if verb in ("CONNECT", "EHLO") or code == 421 else refused if code < 500 else good
            with Folder() as f, SmtpServer({verb: f"{code} no"}) as smtp:
                assert outcome(f.mail(build, smtp.port)) == (wanted, code), (verb, code)


def test_a_drop_is_unknown_only_after_the_final_dot(build):
    for verb in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT"):
        with Folder() as f, SmtpServer(drop_at=verb) as smtp:
            assert outcome(f.mail(build, smtp.port)) == ("unknown" if verb == "DOT" else "connection-failed", 0), verb


def test_a_drop_inside_a_long_body_is_no_delivery(build):
    with Folder() as f, SmtpServer(drop_at="BODY") as smtp:
        long = f.write("long.eml", EML + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 150000)  # more than socket buffers hold
        got = outcome(f.mail(build, smtp.port, eml=long))
        assert got == ("connection-failed", 0), got
        assert not smtp.mails


def test_250_counts_though_quit_hangs_or_drops(build):
    for options in ({"hang_at": "QUIT"}, {"drop_at": "QUIT"}):
        with Folder() as f, SmtpServer(**options) as smtp:
            started = time.monotonic()
            assert outcome(f.mail(build, smtp.port)) == ("delivered", 250)
            assert time.monotonic() - started < 3 * PATIENCE_S
    with Folder() as f, SmtpServer({"RCPT": "550 no"}, hang_at="QUIT") as smtp:
        started = time.monotonic()
        assert outcome(f.mail(build, smtp.port)) == ("refused-for-good", 550)
        assert time.monotonic() - started < 3 * PATIENCE_S


def test_silence_after_the_dot_leaves_the_loop_alive_and_is_waited_for(build):
    with Folder() as f, SmtpServer(delay={"DOT": 2}) as smtp:
        r = f.mail(build, smtp.port, repeat=6)
        assert [x["outcome"] for x in r] == ["delivered"] * 6 and len(smtp.mails) == 6
        assert int(r[-1]["stall_ms"]) < 300 * PATIENCE_S, r[-1]


def test_silence_past_the_deadline_is_unknown_after_the_dot_only(build):
    for verb in ("DOT", "RCPT"):
        with Folder() as f, SmtpServer(hang_at=verb) as smtp:
            r = f.mail(build, smtp.port, kind="mail", timeout_ms=800)
            assert outcome(r)[0] == ("unknown" if verb == "DOT" else "connection-failed"), (verb, r)


def test_nobody_there_costs_a_mail_no_try(build):
    with Folder() as f:
        with SmtpServer() as gone:
            port = gone.port
        assert outcome(f.mail(build, port)) == ("connection-failed", 0)


def test_tls_missing_stripped_or_unproven_sends_no_word_in_clear(build):
    with Folder() as f:
        with SmtpServer() as smtp:
            assert outcome(f.mail(build, smtp.port, tls="required"))[0] == "connection-failed"
            assert not smtp.mails and not any(b"MAIL" in line for _, line in smtp.dialogue)
        both, authority = f.certificate()
        with SmtpServer(certificate=both) as smtp:
            assert outcome(f.mail(build, smtp.port, tls="required"))[0] == "connection-failed"
            assert not smtp.mails and not any(b"MAIL" in line for _, line in smtp.dialogue)
        with SmtpServer({"STARTTLS": "454 not now"}, certificate=both) as smtp:
            assert outcome(f.mail(build, smtp.port, tls="required", ca=authority))[0] == "connection-failed"
            assert not smtp.mails
        with SmtpServer(certificate=both) as smtp:
            assert outcome(f.mail(build, smtp.port, tls="required", ca=authority)) == ("delivered", 250)
            assert {tls for tls, line in smtp.dialogue if line.startswith((b"MAIL", b"RCPT", b"DATA"))} == {"tls"}
        with SmtpServer(certificate=both, implicit=True) as smtp:
            assert outcome(f.mail(build, smtp.port, tls="implicit", ca=authority)) == ("delivered", 250)


def test_a_login_refused_is_the_receivers_fault_and_the_password_is_not_told(build):
    with Folder() as f:
        word = f.write("password", "open-sesame\n")
        with SmtpServer({"AUTH": "535 no"}, login=True) as smtp:
            r = f.mail(build, smtp.port, user="u", password=word)
            assert outcome(r) == ("login-refused", 535) and "open-sesame" not in r[0]["text"], r
        with SmtpServer(login=True) as smtp:
            assert outcome(f.mail(build, smtp.port, user="u", password=word)) == ("delivered", 250)
            assert any(base64.b64encode(b"\0u\0open-sesame") in line for _, line in smtp.dialogue), smtp.dialogue


def test_an_address_that_could_carry_a_command_is_refused_unsent(build):
    with Folder() as f, SmtpServer() as smtp:
        for to in ("a@b\r\nRCPT TO:<c@d>", "a b@c", "<a@b>", "a@b>", "a", "@b", "a@", "a@b@c", "ä@b", "a@b,c@d", 'a"@b', "a@b\t"):
            assert outcome(f.mail(build, smtp.port, to=to)) == ("refused-for-good", 0), to
        assert smtp.connections == 0


if __name__ == "__main__":
    run_tests(globals())
