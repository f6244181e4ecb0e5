"""tree - what lies below a folder, so that a test can show that nothing of it was touched"""
import hashlib
import os


def everything(*folders):
    """Every file below the folders: what it holds, and when it was changed."""
    out = {}
    for folder in folders:
        for at, _, names in os.walk(folder):
            for path in (os.path.join(at, name) for name in names):
                if os.path.isfile(path):
                    with open(path, "rb") as f:
                        out[path] = (hashlib.sha256(f.read()).hexdigest(), os.stat(path).st_mtime_ns)
    return out
