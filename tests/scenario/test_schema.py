"""The JSON Schemas for editors: as the parser's own tables have it, and the samples fit them."""
import copy
import glob
import json
import os
import re
import subprocess
import sys

import jsonschema
import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from schema import FOLDER, ROOT, schemas, tables_of, text_of
from waitlist import run_tests


class Loader(yaml.SafeLoader):
    """As editors read YAML: dates and sexagesimals are text, only true and false are booleans."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rsplit(":", 1)[1] in ("int", "float", "null")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def load(path):
    with open(path, encoding="utf-8") as f:
        return texts(yaml.load(f, Loader))


def texts(value):
    """Keys are text in JSON."""
    if isinstance(value, dict):
        return {str(k): texts(v) for k, v in value.items()}
    return [texts(v) for v in value] if isinstance(value, list) else value


def shipped(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        return json.load(f)


def test_the_schemas_are_those_of_the_parsers_tables_of_keys(build):
    for name, schema in schemas().items():
        with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
            assert f.read() == text_of(schema), f"{name} is not what the tables say: make schema"


def test_every_key_of_the_measures_and_feeds_tables_is_in_its_schema(build):
    for name, folder, table in (("plan", "plan", "measure_keys"), ("plan", "plan", "action_keys"),
                                ("waitlistd", "settings", "feed_keys"), ("waitlistd", "settings", "top_keys")):
        keys = [row[0] for row in tables_of(folder)[table]]
        assert len(keys) > 5 and keys == list(shipped(f"{name}.schema.json")["definitions"][table]["properties"]), table


def test_the_samples_fit_their_schemas(build):
    plans = ["config/plan.yaml", "config/demo/plan.yaml", "config/demo/synthetic.yaml", "tests/data/plans/every-key.yaml",
             "tests/data/plans/smallest.yaml", "tests/data/plans/mistakes/plan.yaml"]
    settings = ["config/waitlistd.yaml", "config/demo/waitlistd.yaml", "tests/data/plans/mistakes/waitlistd.yaml"]
    for name, paths in (("plan", plans), ("waitlistd", settings)):
        validator = jsonschema.Draft7Validator(shipped(f"{name}.schema.json"))
        for path in paths:
            wrong = [f"{list(e.path)}: {e.message[:200]}" for e in validator.iter_errors(load(path))]
            assert not wrong, (path, wrong)


def test_the_sample_settings_and_plan_check_clean_together(build):
    settings = os.path.join(ROOT, "config", "waitlistd.yaml")
    for command in ([os.path.join(build, "waitlistd"), "--check", "--config", settings],
                    [os.path.join(build, "waitlistctl"), "plan", "check", os.path.join(ROOT, "config", "plan.yaml"),
                     "--settings", settings]):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning:" not in done.stdout + done.stderr, done.stdout + done.stderr


def test_a_slip_does_not_fit(build):
    validator = jsonschema.Draft7Validator(shipped("plan.schema.json"))
    good = load("tests/data/plans/mistakes/plan.yaml")
    for change in (lambda p: p.update(prioritys=p.pop("priorities")), lambda p: p["plan"].update(mode="rehearsel"),
                   lambda p: p["measures"][0].update(tolerence=5), lambda p: p["measures"][0].update(tolerance="5%"),
                   lambda p: p["measures"][0].pop("id"), lambda p: p["roles"]["sro"].update(receiver="mail")):
        plan = copy.deepcopy(good)
        change(plan)
        assert not validator.is_valid(plan), plan


if __name__ == "__main__":
    run_tests(globals())
