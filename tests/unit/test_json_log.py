"""Operators' log: every line of standard error is one JSON object.  Source: issue, "Seen"."""

import json
import subprocess
import sys

from ipats_lib.json_log import JsonLog
from tests.conftest import ROOT

MIXED = """
import logging, os, subprocess, sys, warnings
from ipats_lib.json_log import JsonLog
log = JsonLog()
log.take_standard_error()
log.line("progress", stage="notebooks")
logging.getLogger("another library").warning("a warning of [another] library")
subprocess.run(["sh", "-c", "echo two; echo lines >&2; printf 'no end' >&2"], stdout=2)
raise ValueError("IL0001 is a record's value")
"""


def test_what_others_write_and_a_crash_become_objects_too():
    command = [sys.executable, "-c", MIXED]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 1
    assert "IL0001" not in done.stderr
    others = [line["message"] for line in lines if line["event"] == "log"]
    assert others == ["a warning of [another] library", "two", "lines", "no end"]
    (crash,) = (line for line in lines if line["event"] == "crashed")
    assert (crash["error"], crash["place"]) == ("ValueError", "<string>:9")
    assert all(line["time"].endswith("+00:00") for line in lines)


def test_progress_says_the_rate_and_the_time_that_is_left(monkeypatch):
    said: list[dict] = []
    clock = iter([100.0, 110.0])
    monkeypatch.setattr("ipats_lib.json_log.monotonic", lambda: next(clock))
    log = JsonLog()
    monkeypatch.setattr(log, "line", lambda event, **facts: said.append(facts))
    advance = log.progress()
    advance("notebooks", 20, 100)  # twenty were kept from an earlier run
    advance("notebooks", 40, 100)
    assert said == [
        {"stage": "notebooks", "done": 20, "total": 100, "rate": None, "left": None},
        {"stage": "notebooks", "done": 40, "total": 100, "rate": 2.0, "left": 30.0},
    ]
