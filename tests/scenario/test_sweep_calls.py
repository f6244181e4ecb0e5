"""Every call is interrupted, short, without a descriptor or, on a socket, cut off once (P8, P11)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sweep import fail_at_every
from waitlist import run_tests


def test_an_interrupted_call_ends_as_if_undisturbed(build):
    fail_at_every(build, "EINTR", "open,read,pread,write,pwrite,fsync,fdatasync,ftruncate,close,connect,accept,send,recv")


def test_no_descriptor_left_at_any_call_ends_as_if_undisturbed(build):
    fail_at_every(build, "EMFILE", "open,socket,accept")


def test_a_short_read_or_write_ends_as_if_undisturbed(build):
    fail_at_every(build, "short", "read,pread,write,pwrite,send,recv", action="short")


def test_a_connection_cut_at_any_socket_call_ends_as_if_undisturbed(build):
    fail_at_every(build, "ECONNRESET", "connect,send,recv")


if __name__ == "__main__":
    run_tests(globals())
