"""Whatever stands where a file is expected ends in one sentence, and nothing waits for it.

Extracts, snapshots' manifests, rosters, parameters, public-use files and keys are opened in one
place (`ipats_lib/inputs.py`). Each kind below is one line; the sentence names the file, repeats no
value, and comes with the exit code of its room. Source: security, table of 2026-11.
"""

import gzip
import io
import os
import shutil
import signal
import socket
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ipats_lib.access.oidc import read_client
from ipats_lib.access.roster_files import read_roster
from ipats_lib.errors import IpatsError
from ipats_lib.extract.public import read_public
from ipats_lib.params import read_rows
from ipats_lib.publishing.share import open_share
from ipats_lib.snapshot import make_snapshot, obtain_snapshot, open_snapshot
from tests.extract.drawn import write_extract
from tests.extract.test_malformed import CASES, GOOD, SECRET

SECONDS = 20
DEEP = "[" * 100_000 + "]" * 100_000
PUBLIC = "WIOAPerformanceRecords_PY2023Q4_PUBLIC"


@dataclass(frozen=True)
class Kind:
    """One hostile input: `lay` puts it into an empty folder, `open` is what a command does."""

    name: str
    lay: Callable[[Path], object]
    open: Callable[[Path], object]
    code: int
    says: tuple[str, ...]


KINDS: list[Kind] = []


# -- what may stand in a file's place ---------------------------------------------------------


def _socket(path: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(f"/proc/self/fd/{here}/{path.name}")
    finally:
        os.close(here)


def _unreadable(path: Path) -> None:
    path.symlink_to("/proc/self/mem")  # regular by its mode, and no byte of it can be read


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


STANDING: dict[str, tuple[Callable[[Path], object], str]] = {
    "a named pipe": (os.mkfifo, "is a named pipe, not a regular file"),
    "a link to a named pipe": (
        lambda path: (os.mkfifo(path.with_name("pipe")), path.symlink_to("pipe")),
        "is a named pipe",
    ),
    "a folder": (Path.mkdir, "is a folder, not a regular file"),
    "a socket": (_socket, "is a socket, not a regular file"),
    "a link to /dev/zero": (lambda path: path.symlink_to("/dev/zero"), "is a device"),
    "a link to /dev/tty": (lambda path: path.symlink_to("/dev/tty"), "is a device"),
    "a link to nowhere": (lambda path: path.symlink_to("gone"), "link to a file that is not there"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "leads back to itself"),
    "a file that cannot be read": (_unreadable, "cannot be read"),
    "a file without end": (_sparse, "is larger than"),
}


def standing(room: str, name: str, opener: Callable[[Path], object], code: int, *but: str) -> None:
    """Each of `STANDING` in the place of the file `name`."""
    for what, (lay, says) in STANDING.items():
        if what not in but:
            KINDS.append(
                Kind(f"{room}: {what}", lambda f, lay=lay: lay(f / name), opener, code, (says,))
            )


def content(
    room: str, name: str, opener: Callable[[Path], object], code: int, **kinds: bytes | str
) -> None:
    """The file `name` with each of these contents."""
    for what, said in kinds.items():
        data = said.encode("utf-8", "surrogatepass") if isinstance(said, str) else said
        lay = lambda folder, data=data: (folder / name).write_bytes(data)  # noqa: E731
        KINDS.append(Kind(f"{room}: {what}", lay, opener, code, (name,)))


ODD_JSON: dict[str, bytes | str] = {
    "empty": "",
    "deep": DEEP,
    "deep_objects": '{"a":' * 100_000,
    "half_a_surrogate": '{"as_of": "\\ud800", "taken": "\\ud800", "format": 1}',
    "half_a_surrogate_as_name": '{"\\udfff": 1}',
    "surrogate_bytes": '{"as_of": "\ud800"}',
    "utf16": '{"as_of": "2025-08-15"}'.encode("utf-16"),
    "latin1": b'{"as_of": "\xe9"}',
    "nan": '{"as_of": NaN}',
    "infinity": '{"as_of": -Infinity}',
    "huge_number": '{"as_of": ' + "9" * 5000 + "}",
    "a_name_twice": '{"as_of": "2025-08-15", "as_of": "2024-08-15"}',
    "two_values": "{}{}",
    "cut": '{"as_of": "2025-0',
    "zero_bytes": b"\0" * 64,
    "null": "null",
    "a_list": "[]",
    "a_number": "1e999",
}

# -- an extract --------------------------------------------------------------------------------


def snapshot(folder: Path) -> object:
    return make_snapshot(folder / "extract", folder / "store")


def extract(folder: Path) -> Path:
    return write_extract(folder / "extract", GOOD, CASES)


def in_extract(name: str, lay: Callable[[Path], object]) -> Callable[[Path], object]:
    def put(folder: Path) -> None:
        path = extract(folder) / name
        path.unlink(missing_ok=True)
        lay(path)

    return put


for file in ("pirl.csv", "service.csv", "extract.json"):
    for what, (lay, says) in STANDING.items():
        if (file, what) in {("pirl.csv", "a folder"), ("service.csv", "a file without end")}:
            continue
        KINDS.append(
            Kind(f"extract, {file}: {what}", in_extract(file, lay), snapshot, 2, (file, says))
        )
for what, said in {
    **ODD_JSON,
    "as_of_at_the_end_of_time": '{"as_of": "9999-12-31"}',
    "as_of_next_year": '{"as_of": "2052-08-15"}',
    "as_of_in_antiquity": '{"as_of": "0001-01-01"}',
    "as_of_of_another_century": '{"as_of": "1925-08-15"}',
    "as_of_with_a_time": '{"as_of": "2025-08-15T10:00:00"}',
    "as_of_in_a_list": '{"as_of": ["2025-08-15"]}',
    "as_of_a_switch": '{"as_of": true}',
    "synthetic_a_number": '{"synthetic": 1}',
}.items():
    data = said.encode("utf-8", "surrogatepass") if isinstance(said, str) else said
    lay = in_extract("extract.json", lambda path, data=data: path.write_bytes(data))
    KINDS.append(Kind(f"extract.json: {what}", lay, snapshot, 2, ("extract.json",)))


def renamed(name: bytes) -> Callable[[Path], object]:
    def put(folder: Path) -> None:
        here = extract(folder)
        os.rename(here / "pirl.csv", os.path.join(os.fsencode(here), name))

    return put


def stamped(day: str) -> Callable[[Path], object]:
    def put(folder: Path) -> None:
        here = extract(folder)
        (here / "extract.json").unlink()
        (here / "pirl.csv").rename(here / f"17_PIRL_20244_{day}.csv")

    return put


def mistyped(folder: Path) -> None:
    drawn = "100 | 900 | 903\na | 20991231 | 1"
    write_extract(folder / "extract", drawn, as_of=None)


def wide(folder: Path) -> None:
    note = f'{SECRET},20240101,"{"n" * 140_000}",p1,extra\n'
    with (extract(folder) / "case_note.csv").open("a") as file:
        file.write(note)


def wide_header(folder: Path) -> None:
    (extract(folder) / "case_note.csv").write_text(f'customer,date,"{"n" * 300_000}"\na,b,c\n')


EXTRACTS: tuple[tuple[str, Callable[[Path], object], tuple[str, ...]], ...] = (
    ("a name that is not UTF-8", renamed(b"pirl_\xff.csv"), ("pirl_\\xff.csv", "not UTF-8")),
    ("a name with a line end", renamed(b"pirl\n.zip"), ("CASES",)),
    ("a future date in its name", stamped("20520815"), ("2052-08-15", "name of the PIRL file")),
    ("a mistyped entry and no as-of date", mistyped, ("2099-12-31", "estimated")),
    ("a cell over 128 KiB in a line too long", wide, ("case_note.csv line 3", "found 5")),
    ("a cell over 128 KiB in a header", wide_header, ("case_note.csv line 1", "lacks type")),
    ("a name too long", lambda _: None, ("does not exist",)),
)


def named_too_long(folder: Path) -> object:
    return obtain_snapshot(str(folder / ("x" * 5000)), str(folder / "store"))


for what, lay, says in EXTRACTS:
    opener = named_too_long if what == "a name too long" else snapshot
    if what == "a name with a line end":
        broken = in_extract("pirl.csv", lambda path: path.write_bytes(b"PK\x03\x04" + bytes(40)))
        lay = lambda f, broken=broken: (  # noqa: E731
            broken(f),
            (f / "extract" / "pirl.csv").rename(f / "extract" / "pirl\n.csv"),
        )
        says = ("pirl\\n.csv is a ZIP archive",)
    KINDS.append(Kind(f"extract: {what}", lay, opener, 2, says))

# -- a snapshot, a roster, a provider, parameters, a key ----------------------------------------


def stored(folder: Path) -> object:
    return open_snapshot(folder)


def obtained(folder: Path) -> object:
    return obtain_snapshot(str(folder), str(folder / "store"))


def roster(folder: Path) -> object:
    return read_roster(folder / "roster.json")


def client(folder: Path) -> object:
    return read_client(folder / "client.json")


def params(folder: Path) -> object:
    return read_rows(folder / "bands.csv", ("band", "value"))


def key(folder: Path) -> object:
    return open_share(str(folder / "share"), folder / "share.key")


standing("snapshot", "snapshot.json", stored, 4)
standing("extract or snapshot", "snapshot.json", obtained, 4)
standing("roster", "roster.json", roster, 7)
standing("provider", "client.json", client, 7)
standing("parameters", "bands.csv", params, 3)
standing("key", "share.key", key, 2)
MANIFEST = (
    '{"format": 1, "provenance": {"sources": [], "as_of": "2025-08-15", "as_of_source": "x",'
    ' "synthetic": true, "library_version": "x", "layout": "pirl_2021", "contact_rule": "x",'
    ' "notes": []}, "source_key": "x", "shape": "x", "tables": [], "files": []}'
)
WRONG_TYPES = {
    "a_text_for_a_switch": MANIFEST.replace('"synthetic": true', '"synthetic": "true"'),
    "a_number_for_a_text": MANIFEST.replace('"shape": "x"', '"shape": 7'),
    "numbers_for_tables": MANIFEST.replace('"tables": []', '"tables": [1]'),
    "a_text_for_a_size": MANIFEST.replace(
        '"files": []', '"files": [{"path": "a", "sha256": "b", "bytes": "9"}]'
    ),
    "a_list_for_a_path": MANIFEST.replace(
        '"files": []', '"files": [{"path": [], "sha256": "b", "bytes": 9}]'
    ),
    "something_more": MANIFEST.replace('"files": []', '"files": [], "more": 1').replace(
        '"notes": []', '"notes": [], "more": 1'
    ),
}
content("snapshot", "snapshot.json", stored, 4, **WRONG_TYPES)
for what, said in ODD_JSON.items():
    name, data = (
        "snapshot.json",
        said.encode("utf-8", "surrogatepass") if isinstance(said, str) else said,
    )
    lay = lambda folder, data=data: (folder / "snapshot.json").write_bytes(data)  # noqa: E731
    KINDS.append(Kind(f"snapshot.json: {what}", lay, stored, 4, ("make the snapshot again",)))
content("roster", "roster.json", roster, 7, **ODD_JSON)
content(
    "roster",
    "roster.json",
    roster,
    7,
    no_time_zone='{"taken": "2026-01-01T00:00:00", "accounts": []}',
    accounts_a_text='{"taken": "2026-01-01T00:00:00+00:00", "accounts": "all"}',
    an_account_a_list='{"taken": "2026-01-01T00:00:00+00:00", "accounts": [[]]}',
)
content("provider", "client.json", client, 7, **ODD_JSON)
content("provider", "client.json", client, 7, lists='{"issuer": [], "id": {}, "redirect": 1}')
content(
    "parameters",
    "bands.csv",
    params,
    3,
    empty="",
    other_columns="band,worth\na,1\n",
    semicolons="band;value\na;1\n",
    a_line_too_short="band,value\na\n",
    a_line_too_long="band,value\na,1,2\n",
    latin1=b"band,value\n\xe9,1\n",
    utf16="band,value\na,1\n".encode("utf-16"),
    a_cell_of_two_megabytes="band,value\na," + "x" * (2 << 20) + "\n",
)

# -- a public-use file ---------------------------------------------------------------------------


def public(name: str) -> Callable[[Path], object]:
    return lambda folder: list(
        read_public(folder / name, ("100", "900"), 2023, "IL", lambda *_: None)
    )


HEADER = "PIRL100,PIRL900,CALC4000,CALC4013\n"
ROW = f"{SECRET},20240101,IL,1\n"


def zipped(names: dict[str, str], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, text in names.items():
            archive.writestr(name, text)
    return out.getvalue()


def patched(data: bytes, local: int, central: int, value: int) -> bytes:
    """A zip with a 16-bit field of its first member set, in both of its headers."""
    changed, directory = bytearray(data), data.index(b"PK\x01\x02")
    struct.pack_into("<H", changed, local, value)
    struct.pack_into("<H", changed, directory + central, value)
    return bytes(changed)


WHOLE = zipped({f"{PUBLIC}.csv": HEADER + ROW * 2000})
for name, data, says in (
    ("is encrypted", patched(WHOLE, 6, 8, 1), "is encrypted: unpack it"),
    ("is Deflate64", patched(WHOLE, 8, 10, 9), "Deflate64: unpack it"),
    ("is packed in a way nobody knows", patched(WHOLE, 8, 10, 77), "unpack it"),
    ("is cut", WHOLE[: len(WHOLE) // 2], "not a whole zip file"),
    ("holds two", zipped({"a.csv": HEADER, "b.CSV": HEADER}), "holds 2 CSV files"),
    ("holds none", zipped({"a.txt": HEADER}), "holds 0 CSV files"),
    ("holds droppings alone", zipped({"__MACOSX/._a.csv": "x"}), "holds 0 CSV files"),
    ("is no zip", HEADER.encode() + ROW.encode(), "not a whole zip file"),
    ("is empty", b"", "not a whole zip file"),
    ("has a damaged member", WHOLE[:100] + bytes(40) + WHOLE[140:], "damage"),
    ("holds a picture", zipped({"a.csv": "\x89PNG,\n"}), "line 1"),
):
    lay = lambda folder, data=data: (folder / f"{PUBLIC}.ZIP").write_bytes(data)  # noqa: E731
    KINDS.append(Kind(f"public zip: {name}", lay, public(f"{PUBLIC}.ZIP"), 2, (PUBLIC, says)))
for name, data, says in (
    ("is no gzip", HEADER.encode(), "damaged"),
    ("is cut", gzip.compress((HEADER + ROW * 5000).encode())[:-30], "damaged"),
    ("is empty", b"", "line 1"),
    ("holds a tape archive", gzip.compress(bytes(2048)), "line 1"),
):
    lay = lambda folder, data=data: (folder / f"{PUBLIC}.csv.GZ").write_bytes(data)  # noqa: E731
    KINDS.append(Kind(f"public gzip: {name}", lay, public(f"{PUBLIC}.csv.GZ"), 2, (PUBLIC, says)))
for name, said, says in (
    ("is a 7-Zip archive", b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    ("is UTF-16", (HEADER + ROW).encode("utf-16"), "UTF-16"),
    ("has a header of two megabytes", b"x," * (1 << 20), "line 1"),
    ("has a header cell over 128 KiB", f'PIRL100,"{"n" * 200_000}"\n'.encode(), "lacks"),
    ("has bare carriage returns", (HEADER + ROW).replace("\n", "\r").encode(), "line 1"),
    ("names a column twice", f"PIRL100,{HEADER}{ROW}".encode(), "more than once"),
    ("has a line too short", (HEADER + ROW + SECRET + "\n").encode(), "4 columns"),
    ("is Latin-1", (HEADER + ROW).encode() + b"\xe9,,IL,\n", "damaged"),
    ("is empty", b"", "line 1"),
):
    lay = lambda folder, data=said: (folder / f"{PUBLIC}.csv").write_bytes(data)  # noqa: E731
    KINDS.append(Kind(f"public: {name}", lay, public(f"{PUBLIC}.csv"), 2, (PUBLIC, says)))
standing("public", f"{PUBLIC}.csv", public(f"{PUBLIC}.csv"), 2, "a file that cannot be read")


# -- the test ------------------------------------------------------------------------------------


def test_there_are_enough_kinds():
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 60


@pytest.fixture(autouse=True)
def _nothing_waits() -> Iterator[None]:
    def late(*_: object) -> None:
        raise AssertionError(f"still waiting after {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_hostile_input_ends_in_one_sentence(kind, tmp_path):
    kind.lay(tmp_path)
    with pytest.raises(IpatsError) as stopped:
        kind.open(tmp_path)
    message = str(stopped.value)
    assert stopped.value.exit_code == kind.code
    assert stopped.value.__suppress_context__ or stopped.value.__context__ is None
    for words in kind.says:
        assert words in message
    assert message.endswith(".")
    assert message.isprintable()
    assert len(message) < 400 + len(str(tmp_path)) + (6000 if "too long" in kind.name else 0)
    assert SECRET not in message


def test_what_is_read_all_the_same(tmp_path):
    """A Mac's zip, names in capitals, byte order marks: none of these is a mistake."""
    mac = {f"{PUBLIC}.CSV": HEADER + ROW, f"__MACOSX/._{PUBLIC}.csv": "x"}
    for name, data in (
        (f"{PUBLIC}.ZIP", zipped(mac)),
        (f"{PUBLIC}.GZ", gzip.compress((HEADER + ROW).encode())),
        (f"{PUBLIC}.csv", zipped(mac)),
        (f"{PUBLIC}.CSV", b"\xef\xbb\xbf" + (HEADER + ROW).encode()),
    ):
        (tmp_path / name).write_bytes(data)
        ((rows, _),) = public(name)(tmp_path)
        assert rows["100"].tolist() == [SECRET]
    here = extract(tmp_path)
    marked = b"\xef\xbb\xbf" + (here / "extract.json").read_bytes()
    (here / "extract.json").unlink()
    (here / "EXTRACT.JSON").write_bytes(marked)
    (here / "service.csv").rename(here / "Service.CSV")
    made = make_snapshot(here, tmp_path / "store")
    assert (str(made.as_of), made.missing_tables) == ("2025-08-15", ("account",))
    (tmp_path / "roster.json").write_bytes(
        b'\xef\xbb\xbf{"taken": "2026-01-01T00:00:00+00:00", "accounts": []}'
    )
    assert read_roster(tmp_path / "roster.json").rows == ()
    (tmp_path / "bands.csv").write_bytes(b"\xef\xbb\xbfband,value\r\na,1\r\n")
    assert params(tmp_path) == [{"band": "a", "value": "1"}]


def test_a_file_that_changes_while_it_is_read_is_not_read_on(tmp_path):
    from ipats_lib.errors import ExtractError
    from ipats_lib.extract.scan import scan

    path = extract(tmp_path) / "service.csv"
    facts = scan(path)
    shutil.copy(path, path.with_name("other"))
    with path.open("a") as file:
        file.write("more\n")
    with pytest.raises(ExtractError, match=r"service.csv was changed while it was read"):
        facts.opened()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ExtractError, match="is a named pipe"):
        facts.opened()
