"""Who may use the control socket: known by the kernel's word for who connects, not by what a client says."""
import grp
import json
import os
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from waitlist import Instance, run_tests, skip, three, wait_for

NOBODY = 65534
OPERATORS, READERS, OTHERS = "games", "mail", "news"  # groups that every Debian has


def number(name):
    return grp.getgrnam(name).gr_gid


def with_groups(build, operators=OPERATORS, readers=READERS):
    """An instance whose socket lies where anybody may go, and a client that anybody may run."""
    if os.geteuid() != 0:
        skip("only root can ask as somebody else")
    w = Instance(build, extra=f"control: {{socket: ./run/control.sock, operators: {operators}, readers: {readers}}}\n")
    os.chmod(w.folder, 0o711)
    os.makedirs(w.path("run"), mode=0o755)
    os.chmod(w.path("run"), 0o755)
    shutil.copy(os.path.join(build, "waitlistctl"), w.path("run", "waitlistctl"))
    os.chmod(w.path("run", "waitlistctl"), 0o755)
    w.put("a.csv", three("6"))
    return w


def ask(w, groups, *command, user=NOBODY):
    """As a user who is in these groups alone."""
    return subprocess.run([w.path("run", "waitlistctl"), "--socket", w.path("run", "control.sock"), "-o", "json", *command],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, user=user, group=NOBODY,
                          extra_groups=[number(g) for g in groups], cwd="/", timeout=60)


def say_as_nobody(path, line):
    """One line to the socket by a process of another user, who is in the operators' group; its answer."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(number(OPERATORS))
            os.setuid(NOBODY)
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(path)
                s.sendall(line.encode() + b"\n")
                os.write(writes, s.makefile("rb").read())
        finally:
            os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as answer:
        said = answer.read().decode()
    os.waitpid(child, 0)
    return said


def test_a_reader_asks_an_operator_acts_and_anybody_else_is_turned_away(build):
    with with_groups(build) as w:
        w.start("2024-06-10")
        alert = w.alert()["alert_id"]
        ack = ("ack", alert, "--why", "A second team begins")
        for groups, asks, acts in (([], False, False), ([OTHERS], False, False), ([READERS], True, False),
                                   ([READERS, OPERATORS], True, True), ([OPERATORS], True, True)):
            asked, acted = ask(w, groups, "alerts"), ask(w, groups, *ack)
            assert (asked.returncode == 0) == asks, (groups, asked)
            assert (acted.returncode == 0) == acts, (groups, acted)
            if not asks:
                assert "may ask" in asked.stderr and alert not in asked.stdout, asked
            elif not acts:
                assert "you may ask, not act" in acted.stderr, acted
                for other in (("rebuild",), ("notify", "test", "spool"), ("silence", "add", "plan=dudley", "--until", "2024-06-11",
                                                                          "--why", "x")):
                    assert "you may ask, not act" in ask(w, groups, *other).stderr, other
        acts = [r for r in w.ctl("audit") if r["what"] == "act"]
        assert len(acts) == 2 and all(r["uid"] == NOBODY and r["act"] == "ack" for r in acts), acts


def test_a_client_cannot_say_who_it_is(build):
    with with_groups(build) as w:
        w.start("2024-06-10")
        alert = w.alert()["alert_id"]
        request = {"command": "ack", "id": alert, "why": "x", "who": "root", "uid": 0, "severity": "none", "on": "1999-01-01"}
        answer = json.loads(say_as_nobody(w.path("run", "control.sock"), json.dumps(request)))
        assert answer["ok"] and answer["result"]["uid"] == NOBODY and answer["result"]["who"] != "root", answer
        assert answer["result"]["on"] == "2024-06-10" and w.alert()["ack"]["who"] == answer["result"]["who"], answer


def test_a_group_that_does_not_exist_lets_nobody_in_and_a_reload_reads_the_groups_anew(build):
    with with_groups(build, operators="no-such-group-here") as w:
        checked = w.run("--check")
        assert checked.returncode == 0 and 'no group "no-such-group-here"' in checked.stderr, checked
        w.start("2024-06-10")
        w.ctl("measures")
        assert ask(w, [OPERATORS], "alerts").returncode != 0
        w.write("waitlistd.yaml", open(w.path("waitlistd.yaml"), encoding="utf-8").read().replace("no-such-group-here", OPERATORS)
                .replace(f"readers: {READERS}", "readers: ~"))
        w.signal(signal.SIGHUP)
        wait_for(lambda: ask(w, [OPERATORS], "alerts").returncode == 0, "the new group to be let in")
        assert ask(w, [READERS], "alerts").returncode != 0


def test_a_group_wants_a_socket_outside_of_the_state_folder(build):
    with Instance(build, extra="control: {readers: mail}\n") as w:
        checked = w.run("--check")
        assert checked.returncode == 78 and "socket must be given" in checked.stderr, checked


if __name__ == "__main__":
    run_tests(globals())
