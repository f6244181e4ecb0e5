"""canaries - invented NHS numbers that a test puts into everything, and whether one came out

Of the 999 range, which is given to nobody.
"""
import email
import email.policy
import os


def nhs_number(n):
    """The n-th invented NHS number (the 999 range) whose check digit is right."""
    for number in range(9990000000 + 50 * n, 9990000000 + 50 * (n + 1)):
        digits = [int(c) for c in str(number)]
        check = 11 - sum(d * w for d, w in zip(digits, range(10, 1, -1))) % 11
        if check % 11 == digits[9]:
            return str(number)
    raise AssertionError("none")


def readable(name, data):
    """A file's bytes, and the parts of a mail decoded."""
    if not name.endswith(".eml"):
        return data
    parts = email.message_from_bytes(data, policy=email.policy.default).walk()
    return b"\n".join([data] + [p.get_payload(decode=True) or b"" for p in parts if not p.is_multipart()])


def everything(i, *but):
    """All bytes below the instance's folder, but for some files; and all that waitlistctl says."""
    out = b""
    for folder, _, names in os.walk(i.folder):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path) and not any(b in path for b in but):
                with open(path, "rb") as f:
                    out += name.encode() + readable(name, f.read())
    for command in (["feeds"], ["status"], ["measures"], ["measure", "open"], ["alerts"], ["audit"], ["health"],
                    ["explain", "open"], ["outbox", "ls"]):
        for output in ("json", "table"):
            said = i.ctl_raw(*command, output=output)
            out += said.stdout.encode() + said.stderr.encode()
    return out


FORMS = [lambda n: n, lambda n: f"no. {n} on paper", lambda n: f"seen {n[:3]} {n[3:6]} {n[6:]}"]


def with_numbers(text, first, forms=FORMS):
    """The file and the numbers in it: a column that nobody declared, and one of the cohort, that have an NHS number for
    a name; and rows like its first one that have one in each column in turn, alone and inside words. The file has so
    many rows else that those that are set aside do not hold it."""
    lines = text.split("\n")
    left = [nhs_number(n) for n in range(first, first + 100)]
    numbers = []

    def number():
        numbers.append(left.pop())
        return numbers[-1]
    head, rows = lines[0] + f",{number()},cohort_{number()}", [r + ",," for r in lines[1:-1]]
    model = rows[0].split(",")
    for column in range(len(model)):
        for form in forms:
            rows.append(",".join([f'"{form(number())}"' if c == column else v for c, v in enumerate(model)]))
    return "\n".join([head] + rows) + "\n", numbers


def written(number):
    """As people and programs write it."""
    groups = (number[:3], number[3:6], number[6:])
    return [separator.join(groups).encode() for separator in ("", " ", "-")]


def came_out(i, numbers, *but):
    all_bytes = everything(i, *but)
    keys = "\n".join(i.redis("--raw", "KEYS", "*")).encode()
    return [n for n in numbers if any(w in all_bytes or w in keys for w in written(n))]
