"""A snapshot is the same wherever its extract comes from: folder, archive, URL, workbook, database.

PostgreSQL is Debian's own, started on a free port under an account that is not root.
"""

import csv
import datetime
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sql
import xlsxwriter

from ipats_lib import locks
from ipats_lib.errors import ExtractError, ParamsError, PublisherBusyError, UsageError
from ipats_lib.extract.folder import TABLES
from ipats_lib.params import params_folder
from ipats_lib.places import Place
from ipats_lib.snapshot import Snapshot, make_snapshot
from ipats_lib.sources import NAMES, extract_of
from ipats_lib.sources.databases import read_database
from ipats_lib.sources.sheet import text_of
from tests.access.servers import free_port
from tests.conftest import publish
from tests.spec.test_every_finding import LOCAL
from tests.spec.test_every_finding import extract_of as write_extract

SERVICES = """customer,enrolment,service_code,title,start,planned_end,actual_end,provider,status
C1,1,X,"A title, with a comma",20240110,,,P,open
C2,1,0X7,Another,20240111,20240201,,,
"""
PASSWORD = "never-in-a-message"
WRONG = {**LOCAL, "901": "2024-01-09", "1704": "4321.09"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    rows = [LOCAL, WRONG, {**LOCAL, "100": "0042", "103": "01234"}]
    return write_extract(tmp_path_factory.mktemp("sync") / "extract", rows, service=SERVICES)


@pytest.fixture(scope="module")
def from_folder(folder, tmp_path_factory) -> Snapshot:
    return make_snapshot(folder, tmp_path_factory.mktemp("kept"), as_of=datetime.date(2025, 8, 15))


def synced(source: object, store: Path) -> Snapshot:
    with extract_of(str(source), store) as found:
        return make_snapshot(found, store, as_of=datetime.date(2025, 8, 15))


def assert_same(one: Snapshot, other: Snapshot) -> None:
    """Records and tables; the line of a record is another where there is a header."""
    for kind in ("pirl", "service"):
        mine, theirs = (
            (s.rows() if kind == "pirl" else s.table(kind)).drop(columns="row")
            for s in (one, other)
        )
        pd.testing.assert_frame_equal(mine, theirs)


def rows_of(folder: Path) -> dict[str, list[list[str]]]:
    """The tables of the extract with their headings."""
    from ipats_lib.params import load_layout

    with (folder / "pirl.csv").open() as file:
        pirl = list(csv.reader(file))
    with (folder / "service.csv").open() as file:
        service = list(csv.reader(file))
    names = ["Observation number" if e.number == "OBS" else f"PIRL {e.number}"
             for e in load_layout().elements]  # fmt: skip
    return {"pirl": [names, *pirl], "service": service}


def fill(engine: sql.Engine, folder: Path, schema: str | None = None) -> None:
    """The tables as a database has them: texts, and the days of services as dates."""
    with engine.begin() as connection:
        for name, (head, *lines) in rows_of(folder).items():
            # PostgreSQL has at most 1,600 columns; blank ones of the layout are left out.
            needed = ("PIRL 901", "PIRL 923", "actual_end")
            filled = [n for n, title in enumerate(head) if title in needed or any(
                line[n] for line in lines)]  # fmt: skip
            kinds = [sql.Date if head[n] in ("start", "planned_end") else sql.Text for n in filled]
            columns = (sql.Column(head[n], kind) for n, kind in zip(filled, kinds, strict=True))
            table = sql.Table(name, sql.MetaData(schema=schema), *columns)
            table.create(connection)
            connection.execute(
                table.insert(),
                [
                    {head[n]: cell(line[n], kind) for n, kind in zip(filled, kinds, strict=True)}
                    for line in lines
                ],
            )


def cell(text: str, kind: object) -> object:
    if not text:
        return None
    return datetime.date.fromisoformat(text) if kind is sql.Date else text


def source_file(folder: Path, name: str = "IPATS_TEST_URL", schema: str = "") -> Path:
    file = folder / "iwds.toml"
    dot = f"{schema}." if schema else ""
    file.write_text(f'url_env = "{name}"\n[tables]\npirl = "{dot}pirl"\nservice = "{dot}service"\n')
    return file


@pytest.fixture(scope="module")
def sqlite(folder, tmp_path_factory) -> str:
    address = f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'iwds.db'}"
    fill(sql.create_engine(address, poolclass=sql.NullPool), folder)
    return address


@pytest.fixture(scope="module")
def postgres(folder, tmp_path_factory) -> Iterator[str]:
    """A cluster of its own, with a schema, under the account nobody where we are root."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    place = Path("/tmp") / f"ipats-postgres-{os.getpid()}"
    place.mkdir()
    port = free_port()
    account = (
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    )
    if account:
        os.chown(place, 65534, 65534)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [*account, programs / program, *arguments], check=True, capture_output=True, cwd=place
        )

    (place / "password").write_text(PASSWORD)
    (place / "password").chmod(0o644)
    data = str(place / "data")
    run("initdb", "-D", data, "-U", "ipats", "-A", "scram-sha-256", "--no-sync", "-E", "UTF8",
        f"--pwfile={place / 'password'}")  # fmt: skip
    options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1 -c fsync=off"
    try:
        run("pg_ctl", "-D", data, "-w", "-l", str(place / "log"), "-o", options, "start")
        address = f"postgresql+psycopg://ipats:{PASSWORD}@127.0.0.1:{port}/postgres"
        engine = sql.create_engine(address, poolclass=sql.NullPool)
        with engine.begin() as connection:
            connection.execute(sql.text("create schema iwds"))
        fill(engine, folder, "iwds")
        engine.dispose()
        yield address
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(place)


def test_a_folder_is_read_where_it_is(folder, from_folder, tmp_path):
    assert synced(folder, tmp_path).id == from_folder.id


@pytest.mark.parametrize("inside", ["", "export/"])
def test_an_archive_gives_the_same_records(folder, from_folder, tmp_path, inside):
    archive = tmp_path / "extract.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in folder.iterdir():
            packed.write(file, inside + file.name)
    assert synced(archive, tmp_path / "kept").id == from_folder.id


def test_a_url_gives_the_same_records(folder, from_folder, tmp_path):
    assert synced(f"file://{folder}", tmp_path).id == from_folder.id


def test_a_table_may_be_a_workbook(folder, from_folder, tmp_path):
    mine = tmp_path / "extract"
    shutil.copytree(folder, mine)
    (mine / "service.csv").unlink()
    book = xlsxwriter.Workbook(mine / "Service.XLSX")
    sheet, days = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
    for number, row in enumerate(rows_of(folder)["service"]):
        for place, text in enumerate(row):
            if number and place in (4, 5) and text:
                sheet.write_datetime(number, place, cell(text, sql.Date), days)
            elif number and place == 1:
                sheet.write_number(number, place, int(text))
            else:
                sheet.write_string(number, place, text)
    book.close()
    assert_same(synced(mine, tmp_path / "kept"), from_folder)


def book_of(place: Path, rows: list[list[object]], far: tuple[int, int] | None = None) -> None:
    book = xlsxwriter.Workbook(place)
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    if far:
        sheet.write(*far, "x")
    book.close()


def test_a_line_break_in_a_cell_of_a_workbook_is_a_blank(folder, tmp_path):
    mine = tmp_path / "extract"
    shutil.copytree(folder, mine)
    (mine / "service.csv").unlink()
    head, line, *_ = rows_of(folder)["service"]
    line[3] = "Resume\r\nand\tinter\x0bview"
    book_of(mine / "service.xlsx", [head, line])
    assert list(synced(mine, tmp_path / "kept").table("service")["title"]) == [
        "Resume and inter view"
    ]


@pytest.mark.parametrize("others", [["service.xlsx"], ["Service.XLSX", "service.xlsx"]])
def test_a_table_in_two_files_is_refused(folder, tmp_path, others):
    mine = tmp_path / "extract"
    shutil.copytree(folder, mine)
    if len(others) > 1:
        (mine / "service.csv").unlink()
    for name in others:
        book_of(mine / name, rows_of(folder)["service"])
    with pytest.raises(ExtractError, match="the table service in more than one file"):
        synced(mine, tmp_path / "kept")


def edited(place: Path, old: bytes, new: bytes) -> None:
    """The workbook with other bytes in its first sheet."""
    with zipfile.ZipFile(place) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert old in parts[sheet]
    parts[sheet] = parts[sheet].replace(old, new)
    with zipfile.ZipFile(place, "w") as packed:
        for name, part in parts.items():
            packed.writestr(name, part)


@pytest.mark.parametrize(
    ("far", "old", "new"),
    [
        ((1_048_575, 16_383), b"", b""),
        (None, b'r="B2"', b'r="ZZZZZZ99999999999"'),
        (None, b'ref="A1:', b'ref="A1:XFD99999999 B'),
        (None, b"<v>1</v>", b"<v>99999</v>"),
    ],
)
def test_a_workbook_that_claims_to_be_endless_is_one_sentence(
    folder, tmp_path, capfd, far, old, new
):
    """Reading it would end this process, for want of memory or by the reader's own panic."""
    mine = tmp_path / "extract"
    shutil.copytree(folder, mine)
    (mine / "service.csv").unlink()
    book_of(mine / "service.xlsx", rows_of(folder)["service"], far)
    if old:
        edited(mine / "service.xlsx", old, new)
    with pytest.raises(ExtractError, match="service.xlsx is no workbook that can be read"):
        synced(mine, tmp_path / "kept")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("two\nlines", "two lines"), (b"C1", "C1"), (b"\xff", "\ufffd"), (1e-05, "0.00001"),
        (Decimal("1E+3"), "1000"), (Decimal("12.50"), "12.50"), (2.0, "2"), (" a ", "a"),
        (float("inf"), "Infinity"), (True, "yes"), (None, ""),
        (datetime.date(2024, 1, 2), "20240102"),
    ],
)  # fmt: skip
def test_a_cell_of_any_type_is_one_line_of_text(cell, text):
    assert text_of(cell) == text


def test_sqlite_gives_the_same_records(sqlite, from_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("IPATS_TEST_URL", sqlite)
    assert_same(synced(source_file(tmp_path), tmp_path / "kept"), from_folder)


def test_postgresql_gives_the_same_records(postgres, from_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("IPATS_TEST_URL", postgres)
    assert_same(synced(source_file(tmp_path, schema="iwds"), tmp_path / "kept"), from_folder)


@pytest.mark.parametrize("day", ["infinity", "-infinity", "0044-03-15 BC", "20000-01-01"])
def test_a_day_that_is_none_is_a_finding_and_not_the_end_of_the_table(
    postgres, tmp_path, monkeypatch, day
):
    engine = sql.create_engine(postgres, poolclass=sql.NullPool)
    with engine.begin() as connection:
        connection.execute(sql.text("create schema odd"))
        connection.execute(sql.text("create table odd.pirl as select * from iwds.pirl"))
        connection.execute(sql.text("create table odd.service as select * from iwds.service"))
        connection.execute(
            sql.text(f"update odd.service set start = '{day}' where customer = 'C1'")
        )
    monkeypatch.setenv("IPATS_TEST_URL", postgres)
    try:
        made = synced(source_file(tmp_path, schema="odd"), tmp_path / "kept")
    finally:
        with engine.begin() as connection:
            connection.execute(sql.text("drop schema odd cascade"))
        engine.dispose()
    starts = made.table("service").set_index("customer")["start"]
    assert dict(starts.isna()) == {"C1": True, "C2": False}
    found = made.findings().query("rule == 'F-05' and element == 'start'")
    assert list(found["value"]) == [day]


def test_a_text_of_another_encoding_is_not_the_end_of_the_table(
    folder, from_folder, tmp_path, monkeypatch
):
    engine = sql.create_engine(f"sqlite:///{tmp_path / 'iwds.db'}", poolclass=sql.NullPool)
    fill(engine, folder)
    with engine.begin() as connection:
        connection.execute(
            sql.text("update service set title = cast(x'436166e9' as text) where customer = 'C1'")
        )
    monkeypatch.setenv("IPATS_TEST_URL", str(engine.url))
    made = synced(source_file(tmp_path), tmp_path / "kept")
    assert list(made.table("service")["title"]) == ["Caf\ufffd", "Another"]
    assert len(made.rows()) == len(from_folder.rows())


# A process of its own tells the most memory that it ever held.
EXPORT_ALONE = """
import sys
from pathlib import Path
from ipats_lib.sources import NAMES
from ipats_lib.sources.databases import export
from re import search
with (export(Path(sys.argv[1]), Path(sys.argv[2]), NAMES) / "pirl.csv").open() as lines:
    records = sum(1 for _ in lines) - 1
most = search("VmHWM:.*?([0-9]+) kB", Path("/proc/self/status").read_text())
print(records, most[1])
"""
FEW, MANY, MEGABYTE = 30_000, 300_000, 1 << 10  # of KiB


def test_the_memory_of_a_sync_does_not_grow_with_the_table(postgres, on_disk, monkeypatch):
    """Ten times the records, 400 MB of text: read as a stream, in parts of one size."""
    monkeypatch.setenv("IPATS_TEST_URL", postgres)
    columns = ", ".join(f"repeat(md5(n::text), 5) as c{each}" for each in range(8))
    engine, told = sql.create_engine(postgres, poolclass=sql.NullPool), {}
    for size in (FEW, MANY):
        with engine.begin() as connection:
            made = f"select {columns} from generate_series(1, {size}) as n"
            connection.execute(sql.text(f"create view iwds.rows_{size} as {made}"))
        (work := on_disk / str(size)).mkdir()
        file = work / "source.toml"
        file.write_text(f'url_env = "IPATS_TEST_URL"\n[tables]\npirl = "iwds.rows_{size}"\n')
        command = [sys.executable, "-c", EXPORT_ALONE, file, work]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr
        records, told[size] = map(int, done.stdout.split())
        assert records == size
    engine.dispose()
    assert told[MANY] < told[FEW] + 24 * MEGABYTE


def test_all_tables_are_of_one_moment(postgres, from_folder, tmp_path, monkeypatch):
    """A row that comes between two tables is in neither."""
    from ipats_lib.sources import databases

    engine = sql.create_engine(postgres, poolclass=sql.NullPool)

    def then(text: object) -> str:
        with engine.begin() as connection:
            connection.execute(sql.text(
                "insert into iwds.service (customer, start) select 'C9', '2024-01-01' "
                "where not exists (select 1 from iwds.service where customer = 'C9')"
            ))  # fmt: skip
        return whole(text)

    whole = databases.text_of
    monkeypatch.setattr(databases, "text_of", then)
    monkeypatch.setenv("IPATS_TEST_URL", postgres)
    try:
        assert_same(synced(source_file(tmp_path, schema="iwds"), tmp_path / "kept"), from_folder)
    finally:
        with engine.begin() as connection:
            connection.execute(sql.text("delete from iwds.service where customer = 'C9'"))
        engine.dispose()


@pytest.mark.parametrize("table", ["nosuch", "service; drop table service", 'a"b'])
def test_a_table_that_is_not_there_ends_in_one_sentence_and_leaves_nothing(
    postgres, tmp_path, monkeypatch, table
):
    monkeypatch.setenv("IPATS_TEST_URL", postgres)
    file = tmp_path / "iwds.toml"
    file.write_text(
        f"url_env = 'IPATS_TEST_URL'\n[tables]\npirl = 'iwds.pirl'\nservice = '{table}'\n"
    )
    with pytest.raises(ExtractError, match="cannot be read") as stopped:
        synced(file, tmp_path / "kept")
    assert PASSWORD not in str(stopped.value)
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [".sync.lock"]


def test_a_database_that_does_not_answer_ends_in_one_sentence(tmp_path, monkeypatch):
    address = f"postgresql+psycopg://ipats:{PASSWORD}@127.0.0.1:{free_port()}/postgres"
    monkeypatch.setenv("IPATS_TEST_URL", address)
    file = source_file(tmp_path)
    done = publish("sync", file, "--store", tmp_path / "kept")
    assert done.returncode == 2
    assert "the database cannot be read (OperationalError)" in " ".join(done.stderr.split())
    assert PASSWORD not in done.stderr + done.stdout


@pytest.mark.parametrize(
    "address",
    [f"postgresql://ipats:{PASSWORD}@here:port/x", f"{PASSWORD}", f"sqlite:////no/{PASSWORD}\xe9"],
)
def test_an_address_that_is_none_is_not_repeated(tmp_path, address):
    secret, file = tmp_path / "address", tmp_path / "iwds.toml"
    secret.write_text(address, encoding="latin-1")
    secret.chmod(0o600)
    file.write_text(f"url_file = '{secret}'\n[tables]\npirl = 'pirl'\n")
    with pytest.raises(ExtractError, match="cannot be read") as stopped:
        synced(file, tmp_path / "kept")
    assert PASSWORD not in str(stopped.value)


def test_the_address_is_in_the_environment_or_in_a_private_file(sqlite, tmp_path, monkeypatch):
    monkeypatch.delenv("IPATS_TEST_URL", raising=False)
    with pytest.raises(UsageError, match="needs the database's address in IPATS_TEST_URL"):
        synced(source_file(tmp_path), tmp_path / "kept")
    secret, file = tmp_path / "address", tmp_path / "iwds.toml"
    secret.write_text(sqlite + "\n")
    file.write_text(f"url_file = '{secret}'\n[tables]\npirl = 'pirl'\nservice = 'service'\n")
    secret.chmod(0o640)
    with pytest.raises(UsageError, match="give it the mode 0600"):
        synced(file, tmp_path / "kept")
    secret.chmod(0o600)
    assert len(synced(file, tmp_path / "kept").rows()) == 3


@pytest.mark.parametrize(
    "text",
    [
        "", "[tables]", "url_env = 'A'", "url_env = 'A'\n[tables]\nservice = 's'",
        "url_env = 'A'\nurl_file = 'B'\n[tables]\npirl = 'p'",
        "url_env = 'A'\n[tables]\npirl = 'p'\nother = 'o'",
        "url_env = 'A'\nurl = 'sqlite://'\n[tables]\npirl = 'p'",
        "a = " + "[" * 20_000, "url_env = 1\n[tables]\npirl = 'p'",
        "url_env = 'A'\n[tables]\npirl = ''", "= = =",
    ],
)  # fmt: skip
def test_a_source_that_is_not_as_expected_says_what_to_write(tmp_path, text):
    (tmp_path / "iwds.toml").write_text(text)
    with pytest.raises(ParamsError, match="write url_env"):
        synced(tmp_path / "iwds.toml", tmp_path / "kept")


@pytest.mark.parametrize(
    "names",
    [
        ["../pirl.csv"], ["/pirl.csv"], ["a/pirl.csv", "b/service.csv"], ["a/b/pirl.csv"], ["."],
        ["..\\pirl.csv"], ["n" * 300], ["pirl.csv", "a/" + "n" * 300],
    ],
)  # fmt: skip
def test_an_archive_that_leads_elsewhere_is_refused(tmp_path, names):
    archive = tmp_path / "extract.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in names:
            packed.writestr(name, "1")
    with pytest.raises(ExtractError, match="at its top, or into one folder"):
        synced(archive, tmp_path / "kept")
    assert not list((tmp_path / "kept").glob(".fetched*"))


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_anywhere_in_an_archive_is_one_sentence(folder, tmp_path, how):
    whole, damaged = tmp_path / "whole.zip", tmp_path / "damaged.zip"
    with zipfile.ZipFile(whole, "w", how) as packed:
        for file in folder.iterdir():
            packed.write(file, file.name)
    data, said = whole.read_bytes(), []
    for at in range(0, len(data), len(data) // 60):
        damaged.write_bytes(data[:at] + bytes([data[at] ^ 0x5A]) + data[at + 1 :])
        try:
            with extract_of(str(damaged), tmp_path / "kept"):
                pass
        except (ExtractError, UsageError) as stopped:
            said.append(str(stopped))
    assert len(said) > 30
    assert all(sentence.endswith(".") for sentence in said)


@pytest.mark.parametrize("url", [f"ftp://u:{PASSWORD}@[::1/x", "nosuch://x", "file:///no/such"])
def test_an_address_that_is_none_is_one_sentence(tmp_path, url):
    with pytest.raises(UsageError) as stopped:
        synced(url, tmp_path / "kept")
    assert PASSWORD not in str(stopped.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"ftp://u:{PASSWORD}@h:1/x", "ftp://h:1/x"),
        (f"ftp://u:a/{PASSWORD}@h:1/x", "ftp://h:1/x"),
        (f"ftp://u:a@b/{PASSWORD}@h:1/x", "ftp://h:1/x"),
        (f"ftp://u:a?{PASSWORD}@h:1/x", "ftp://h:1/x"),
        (f"ftp://u:a#{PASSWORD}@h:1/x", "ftp://h:1/x"),
        (f"simplecache::ftp://u:{PASSWORD}@h:1/x", "simplecache::ftp://h:1/x"),
        (f"ftp://h:1/x?token={PASSWORD}#{PASSWORD}", "ftp://h:1/x"),
        ("ftp://me@h/a@b/x", "ftp://h/a@b/x"),
        ("file:///a@b/x", "file:///a@b/x"),
    ],
)
def test_an_address_is_shown_without_its_password_whatever_signs_are_in_it(url, shown):
    assert str(Place(url)) == shown


def test_what_is_wrong_with_a_source_is_said_of_the_source(tmp_path):
    archive = tmp_path / "extract.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("people.csv", "x")
    with pytest.raises(ExtractError) as stopped:
        synced(archive, tmp_path / "kept")
    assert str(stopped.value).startswith(f"The extract {archive} holds no PIRL file")


def test_what_a_mac_or_windows_adds_to_an_archive_changes_nothing(folder, from_folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "mac.zip", "w") as mac:
        for file in folder.iterdir():
            mac.write(file, f"export/{file.name}")
            mac.writestr(f"__MACOSX/export/._{file.name}", "x")
    with zipfile.ZipFile(tmp_path / "windows.zip", "w") as windows:
        for file in folder.iterdir():
            windows.write(file, f"export\\{file.name}")
    for name in ("mac.zip", "windows.zip"):
        assert synced(tmp_path / name, tmp_path / "kept").id == from_folder.id


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_that_holds_a_file_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "extract.zip", "w") as packed:
        for text in ("1", "2"):
            packed.writestr("pirl.csv", text)
    with pytest.raises(ExtractError, match="holds a file twice: leave one"):
        synced(tmp_path / "extract.zip", tmp_path / "kept")


def test_what_is_no_archive_or_workbook_is_one_sentence(folder, tmp_path):
    (tmp_path / "extract.zip").write_bytes(b"PK\x05\x06no")
    with pytest.raises(UsageError, match="no zip archive"):
        synced(tmp_path / "extract.zip", tmp_path / "kept")
    shutil.copytree(folder, tmp_path / "extract")
    (tmp_path / "extract" / "planner.xlsx").write_bytes(b"no workbook")
    with pytest.raises(ExtractError, match="planner.xlsx is no workbook"):
        synced(tmp_path / "extract", tmp_path / "kept")


def test_two_at_once_and_one_is_told_who_is_at_it(folder, tmp_path):
    held, told = locks.one_at_a_time(tmp_path / ".sync.lock", "x"), f"process {os.getpid()}"
    with held, pytest.raises(PublisherBusyError, match=told):
        synced(folder, tmp_path)
    assert len(synced(folder, tmp_path).rows()) == 3


def test_what_a_killed_sync_has_fetched_is_removed_by_the_next(folder, tmp_path):
    left = tmp_path / ".fetched-killed" / "exported"
    left.mkdir(parents=True)
    (left / "pirl.csv").write_text("records")
    with extract_of(str(folder), tmp_path):
        assert not left.parent.exists()
    assert [path.name for path in tmp_path.iterdir()] == [".sync.lock"]


def test_the_command_prints_where_the_snapshot_is(folder, tmp_path):
    done = publish("sync", folder, "--store", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (Path(done.stdout.strip()) / "snapshot.json").is_file()


def test_the_file_in_params_is_as_expected():
    found = read_database(params_folder() / "sources" / "iwds.toml", NAMES)
    assert {*found.tables} == {"pirl", *TABLES}
