"""JSON Schemas of waitlistd.yaml and plan.yaml for editors, made from the tables of keys that the parser reads by.

    python3 tests/support/schema.py            writes config/schema/*.json anew
    from schema import schemas                 the same as values, for the test that holds the files to the tables

A table is read where it stands in the source. SHAPES says under which key a table hangs; a key whose value has no
table takes any value, so that a new key needs no line here."""
import json
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "config", "schema")
TABLE = re.compile(r"const struct bind_key (\w+)\[\] = \{\n(.*?)\n    BIND_END,", re.S)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')

# (table, key) -> what its value is: a table; ["list", X]; ["map", X]; ["any of", X, ...]; a plain schema.
TEXT = {"type": ["string", "number", "boolean", "null"]}
SHAPES = {
    "waitlistd": {
        ("top_keys", "control"): ["any of", TEXT, "control_keys"], ("top_keys", "redis"): "redis_keys", ("top_keys", "http"): "http_keys", ("top_keys", "routes"): "route_keys",
        ("top_keys", "retention"): "retention_keys", ("top_keys", "identity"): "identity_keys",
        ("top_keys", "lists"): ["list", "list_keys"], ("top_keys", "feeds"): ["list", "feed_keys"],
        ("top_keys", "receivers"): ["list", "receiver_keys"], ("top_keys", "heartbeat"): "heartbeat_keys",
        ("top_keys", "daily_test"): "daily_test_keys", ("top_keys", "digest"): ["any of", TEXT, "digest_keys"],
    },
    "plan": {
        ("root_keys", "plan"): "plan_keys", ("plan_keys", "valid"): "validity_keys",
        ("plan_keys", "approval"): "approval_keys", ("root_keys", "roles"): ["map", "role_keys"],
        ("root_keys", "forums"): ["map", "forum_keys"], ("root_keys", "escalate"): ["list", "step_keys"],
        ("priority_keys", "escalate"): ["list", "step_keys"], ("measure_keys", "escalate"): ["list", "step_keys"],
        ("forum_keys", "meets"): ["list", ["any of", TEXT, "meeting_keys"]],
        ("root_keys", "priorities"): ["list", "priority_keys"], ("priority_keys", "actions"): ["list", "action_keys"],
        ("action_keys", "weakness"): "weakness_keys", ("action_keys", "delivery"): "delivery_keys",
        ("action_keys", "due"): TEXT, ("root_keys", "measures"): ["list", "measure_keys"],
        ("measure_keys", "select"): ["any of", "select_keys", "feed_select_keys", "list_select_keys"],
        ("measure_keys", "expect"): ["map", ["any of", {"type": "number"}, "milestone_keys"]],
        ("measure_keys", "target"): "target_keys", ("target_keys", "comparator"): "comparator_keys",
        ("measure_keys", "baseline"): "baseline_keys", ("measure_keys", "compare"): "comparator_keys",
        ("measure_keys", "survey"): "survey_keys", ("measure_keys", "spc"): ["any of", TEXT, "spc_keys"],
        ("measure_keys", "forecast"): ["any of", TEXT, "forecast_keys"],
    },
}
FILES = {"waitlistd": ("settings", "top_keys", "waitlistd.yaml"), "plan": ("plan", "root_keys", "plan.yaml")}


def fields(row):
    """The cells of one row of a table, split at the commas that are in no string and no parenthesis."""
    out, depth, start, i = [], 0, 0, 0
    while i < len(row):
        if row[i] == '"':
            i = STRING.match(row, i).end()
            continue
        depth += {"(": 1, ")": -1}.get(row[i], 0)
        if row[i] == "," and depth == 0:
            out.append(row[start:i].strip())
            start = i + 1
        i += 1
    return out + [row[start:].strip()]


def rows_of(body):
    at = 0
    while True:
        at = body.find("{", at)
        if at < 0:
            return
        end = at
        while body[end] != "}":
            end = STRING.match(body, end).end() if body[end] == '"' else end + 1
        yield fields(body[at + 1:end])
        at = end


def said(cell):
    return "".join(STRING.findall(cell)).replace('\\"', '"')


def number(cell, source):
    """A bound as written or as a macro; None where it is neither."""
    macro = re.search(rf"^#define {re.escape(cell)}\s+([-\d.e]+)", source, re.M)
    try:
        return float(macro.group(1) if macro else cell)
    except ValueError:
        return None


def value_schema(kind, cell_min, cell_max, choices, source):
    if kind in ("BIND_INTEGER", "BIND_NUMBER"):
        schema = {"type": ["integer" if kind == "BIND_INTEGER" else "number", "null"]}
        low, high = number(cell_min, source), number(cell_max, source)
        if low is not None and high is not None and (low, high) != (0, 0):
            schema.update(minimum=low, maximum=high)
        return schema
    if kind == "BIND_BOOL":
        return {"enum": [True, False, "yes", "no", "on", "off", None]}
    if kind == "BIND_CHOICE":
        words = re.search(rf"\b{re.escape(choices)}\[\] = \{{(.*?)NULL", source, re.S).group(1)
        return {"enum": STRING.findall(words) + [None]}
    if kind == "BIND_DURATION":
        return {"type": ["string", "null"], "pattern": "^[0-9]+(d|wd|w|m|s|min|h)$"}
    if kind == "BIND_TEXTS":
        return {"anyOf": [TEXT, {"type": "array", "items": {"type": ["string", "number", "boolean"]}}]}
    return dict(TEXT) if kind != "BIND_NODE" else {}


def tables_of(folder):
    tables = {}
    path = os.path.join(ROOT, "daemon", folder)
    for name in sorted(os.listdir(path)):
        if not name.endswith(".c"):
            continue
        with open(os.path.join(path, name), encoding="utf-8") as f:
            source = f.read()
        for table, body in TABLE.findall(source):
            tables[table] = [(said(c[0]), c[1], value_schema(c[1], c[4], c[5], c[6], source), c[7] == "1", said(c[8]))
                             for c in rows_of(body)]
    return tables


def shape(what, shapes, tables):
    if isinstance(what, dict):
        return what
    if isinstance(what, str):
        return {"$ref": f"#/definitions/{what}"} if what in tables else {}
    kind, *of = what
    inner = [shape(w, shapes, tables) for w in of if not isinstance(w, str) or w in tables]
    if kind == "any of":
        return {"anyOf": inner} if inner else {}
    if kind == "list":
        return {"type": ["array", "null"], "items": inner[0]} if inner else {}
    return {"type": ["object", "null"], "additionalProperties": inner[0]} if inner else {}


def definition(table, shapes, tables):
    properties, required = {}, []
    for key, kind, schema, is_required, meaning in tables[table]:
        if kind == "BIND_NODE" and (table, key) in shapes:
            schema = shape(shapes[table, key], shapes, tables)
        properties[key] = {"description": meaning, **({"allOf": [schema]} if "$ref" in schema else schema)}
        if is_required:
            required.append(key)
    out = {"type": ["object", "null"], "properties": properties, "additionalProperties": False}
    if required:
        out["required"] = required
    return out


def reached(root, shapes):
    """The tables that hang under a root."""
    todo, found = [root], []
    while todo:
        what = todo.pop()
        if isinstance(what, list):
            todo += what[1:]
        elif isinstance(what, str) and what not in found:
            found.append(what)
            todo += [of for (table, _), of in shapes.items() if table == what]
    return found


def schemas():
    out = {}
    for name, (folder, root, file) in FILES.items():
        tables = tables_of(folder)
        shapes = SHAPES[name]
        out[f"{name}.schema.json"] = {
            "$schema": "http://json-schema.org/draft-07/schema#", "title": file,
            "description": f"Made from the tables of keys that the parser of {file} reads by.",
            "$ref": f"#/definitions/{root}",
            "definitions": {t: definition(t, shapes, tables) for t in sorted(reached(root, shapes)) if t in tables}}
    return out


def text_of(schema):
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    for name, schema in schemas().items():
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as f:
            f.write(text_of(schema))
