"""Every file call fails once: EIO, ENOSPC, EDQUOT (F17, F18, F19 at every call)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from sweep import fail_at_every
from waitlist import run_tests

NEEDS_ROOM = "open,write,pwrite,fsync,fdatasync,ftruncate,rename,mkdir,link"


def test_an_io_error_at_any_file_call_ends_as_if_undisturbed(build):
    fail_at_every(build, "EIO", "file")


def test_a_full_disk_at_any_file_call_ends_as_if_undisturbed(build):
    fail_at_every(build, "ENOSPC", NEEDS_ROOM)


def test_a_quota_at_any_file_call_ends_as_if_undisturbed(build):
    fail_at_every(build, "EDQUOT", NEEDS_ROOM)


if __name__ == "__main__":
    run_tests(globals())
