"""What commands say, to people and in JSON.  Source: issue "The publishing engine", Seen."""

import json

import pytest

from ipats_lib import console
from ipats_lib.errors import UsageError
from tests.conftest import publish

NOWHERE = "/proc/none/file"
UNWRITABLE = f"{NOWHERE} cannot be written: No such file or directory."


@pytest.mark.parametrize(
    "command",
    [
        ("sample", "--out", NOWHERE),
        ("access", "export", "nginx", "--site", "site", "--plain", "--out", NOWHERE),
    ],
)
def test_a_place_that_cannot_be_written_is_one_sentence_of_every_command(command):
    done = publish(*command)
    assert (done.returncode, done.stderr) == (2, f"Stopped: {UNWRITABLE}\n")
    done = publish("--log-format", "json", *command)
    (line,) = map(json.loads, done.stderr.splitlines())
    assert (line["event"], line["exit_code"], line["message"]) == ("stopped", 2, UNWRITABLE)


def test_a_sentence_is_said_as_it_is(capsys):
    console.say("written", "Wrote /a[/b]/:x:/" + "c" * 200)
    assert capsys.readouterr().err == "Wrote /a[/b]/:x:/" + "c" * 200 + "\n"


def test_where_nothing_takes_its_time_there_is_no_bar(capsys):
    with console.shown_progress():
        pass
    assert capsys.readouterr().err == ""
    with console.shown_progress() as advance:
        advance("check", 1, 2)
    assert "check" in capsys.readouterr().err


def test_a_message_holds_no_sign_that_steers_a_terminal_or_turns_the_writing():
    assert str(UsageError("a\x1b[2J \u202eb \udcff\nc")) == "a\\x1b[2J \\u202eb \\udcff\nc"
    assert str(UsageError("Zoë's file")) == "Zoë's file"
