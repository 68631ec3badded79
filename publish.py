"""The command line: each command reads its options, calls one function, and prints."""

import functools
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from ipats_lib.access.commands import AUDIT, STORE, access, audit
from ipats_lib.errors import IpatsError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(access, name="access")
app.add_typer(audit, name="audit")
err = Console(stderr=True)


@dataclass(slots=True)
class Logs:
    """How progress and failures are told: bars for people, or one JSON object a line."""

    format: str = "text"
    json: Any = None

    def line(self, event: str, **facts: object) -> None:
        """For operators: nothing where people read."""
        if self.json:
            self.json.line(event, **facts)


LOGS = Logs()


@app.callback()
def common(
    context: typer.Context,
    log_format: Annotated[str, typer.Option(help="text, or json for operators.")] = "text",
) -> None:
    """IPATS: WIOA performance reports, from an IWDS extract to a published site."""
    if log_format not in ("text", "json"):
        raise typer.BadParameter("write text or json", param_hint="--log-format")
    LOGS.format = log_format
    err.quiet = log_format == "json"
    if log_format == "json":
        from ipats_lib.json_log import JsonLog

        LOGS.json = JsonLog()
        if context.invoked_subcommand != "serve":  # whose server has a log of its own
            LOGS.json.take_standard_error()


Extract = Annotated[
    str, typer.Option(help="An extract's folder, or a snapshot's; a snapshot's may be a URL.")
]
Store = Annotated[str, typer.Option(help="Where snapshots are kept: a folder or a URL.")]
PeriodName = Annotated[str, typer.Option(help="PY2024 (annual) or PY2024Q4 (quarterly).")]
AsOf = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As-of date.")]
Contacts = Annotated[
    str,
    typer.Option(help="Whose customers: current_only, ever_assigned or any_contact."),
]
SiteFolder = Annotated[Path, typer.Option("--site", help="The folder a web server serves.")]
Scheduler = Annotated[str, typer.Option(help="A dask scheduler, tcp://host:8786.")]
ShareFolder = Annotated[
    str,
    typer.Option("--share", help="Where publishers and workers share data and bodies: path, URL."),
]
ShareKey = Annotated[
    Path | None, typer.Option(help="A file of 64 hex digits that protects the share.")
]
SNAPSHOTS = "var/snapshots"


def sentences(command: Callable[..., None]) -> Callable[..., None]:
    """What a user can mend ends in one sentence and its exit code, never in a traceback."""

    @functools.wraps(command)
    def wrapped(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except IpatsError as error:
            LOGS.line("stopped", exit_code=error.exit_code, message=str(error))
            err.print(f"[bold red]Stopped:[/] {_plain(str(error))}", soft_wrap=True)
            raise typer.Exit(error.exit_code) from None

    return wrapped


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


@contextmanager
def shown_progress() -> Any:
    """A callable (stage, done, total) that draws one bar per stage, or logs each tenth of it."""
    if LOGS.json:
        yield LOGS.json.progress()
        return
    with _bars() as advance:
        yield advance


@contextmanager
def _bars() -> Any:
    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total, rate="")
            speed = bars.tasks[tasks[stage]].finished_speed or bars.tasks[tasks[stage]].speed
            rate = f"{speed:.1f}/s" if speed else ""
            bars.update(tasks[stage], completed=done, total=total, rate=rate)

        yield advance


@app.command()
@sentences
def sample(
    out: Annotated[Path, typer.Option(help="The extract's folder to write.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    scale: Annotated[float, typer.Option(help="1 is the size of Illinois.")] = 1.0,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The same state on an earlier day."),
    ] = None,
) -> None:
    """Write a synthetic extract of Illinois' size."""
    from ipats_lib.sample import AS_OF, write_sample

    day = as_of.date() if as_of else AS_OF
    with shown_progress() as advance:
        progress = functools.partial(advance, "sample")
        write_sample(out, seed=seed, scale=scale, as_of=day, progress=progress)
    err.print(f"Wrote the synthetic extract {out}, as of {day}.")


def _kept(place: str, store: str) -> Any:
    """The snapshot in a folder or at a URL; of the latter, the store of this machine has a copy."""
    from ipats_lib.places import is_url
    from ipats_lib.snapshot import fetch_snapshot, open_snapshot

    if not is_url(place):
        return open_snapshot(Path(place))
    return fetch_snapshot(place, Path(SNAPSHOTS if is_url(store) else store))


def _snapshot(extract: str, store: str, as_of: datetime | None, contacts: str) -> Any:
    from ipats_lib.places import is_url
    from ipats_lib.snapshot import send_snapshot

    if is_url(extract) or (Path(extract) / "snapshot.json").exists():
        found = _kept(extract, store)
    else:
        here = Path(SNAPSHOTS if is_url(store) else store)
        found = _made_snapshot(Path(extract), here, as_of, contacts)
    if is_url(store):
        err.print(f"Snapshot sent to {_plain(send_snapshot(found, store))}.", soft_wrap=True)
    return found


def _made_snapshot(extract: Path, store: Path, as_of: datetime | None, contacts: str) -> Any:
    from ipats_lib.snapshot import ContactRule, make_snapshot

    if contacts not in get_args(ContactRule):
        raise UsageError(f"--contacts {contacts}: write {', '.join(get_args(ContactRule))}.")
    rule = cast(ContactRule, contacts)
    day: date | None = as_of.date() if as_of else None
    with shown_progress() as advance:
        return make_snapshot(extract, store, as_of=day, contact_rule=rule, progress=advance)


@app.command()
@sentences
def snapshot(
    extract: Extract,
    store: Store = SNAPSHOTS,
    as_of: AsOf = None,
    contacts: Contacts = "any_contact",
) -> None:
    """Validate an extract and keep it as an immutable snapshot."""
    made = _snapshot(extract, store, as_of, contacts)
    found = made.findings()
    err.print(f"Snapshot {made.id}, as of {made.as_of}: {len(found)} findings.")
    for (rule, severity), lines in found.groupby(["rule", "severity"]):
        err.print(f"  {rule} {severity}: {len(lines)}")
    print(made.path)


@app.command()
@sentences
def indicators(
    extract: Extract,
    period: PeriodName,
    out: Annotated[Path, typer.Option(help="The CSV file to write.")],
    store: Store = SNAPSHOTS,
    as_of: AsOf = None,
    contacts: Contacts = "any_contact",
    suppress: Annotated[bool, typer.Option(help="Withhold small cells, marked *.")] = False,
) -> None:
    """Write the five indicators of every area and planner in the long form."""
    from ipats_lib.periods import Period
    from ipats_lib.report.figures import all_figures, write_figures

    wanted = Period.parse(period)
    figures = all_figures(_snapshot(extract, store, as_of, contacts), wanted, suppress=suppress)
    write_figures(figures, out)
    err.print(f"Wrote {len(figures):,} figures to {out}.")


@app.command()
@sentences
def selfcheck(
    public_file: Annotated[Path, typer.Argument(help="A public-use PIRL file: csv, gz or zip.")],
    state: Annotated[str, typer.Option(help="Postal code; empty for every state.")] = "IL",
    period: Annotated[str, typer.Option(help="PY2023; by default from the file's name.")] = "",
    disagreements: Annotated[
        int, typer.Option(help="How many to print of each indicator.", min=0)
    ] = 20,
) -> None:
    """Compare our result of every row with the Department of Labor's own. Exit 8: some differ."""
    from ipats_lib.extract.public import period_of_name, read_public
    from ipats_lib.indicators.rules import ELEMENTS
    from ipats_lib.periods import Period
    from ipats_lib.selfcheck import compare

    wanted = Period.parse(period) if period else period_of_name(public_file)
    if wanted is None:
        raise UsageError(f"{public_file.name} does not tell its period: add --period PY2023.")
    with shown_progress() as advance:
        blocks = read_public(
            public_file, ELEMENTS, wanted.py, state, functools.partial(advance, "check")
        )
        found = compare(blocks, wanted.reports[0], disagreements)
    if not found.rows:
        raise UsageError(f"{public_file.name} holds no row of state {state}: check --state.")
    print(found.table().to_string(index=False, float_format=lambda share: f"{share:.4%}"))
    for line, code, ours, theirs, reason, decided in sorted(found.first, key=lambda one: one[1]):
        print(f"line {line} {code}: ours {ours}, DOL's {theirs} ({reason}; {decided})")
    err.print(f"{found.rows:,} rows compared, {found.disagreeing:,} lines disagree.")
    if found.disagreeing:
        raise typer.Exit(8)


def _explain(wanted: bool) -> Callable[[str, tuple[str, ...]], None]:
    def say(path: str, reasons: tuple[str, ...]) -> None:
        if wanted:
            print(f"{path}: {', '.join(reasons)}")

    return say


def _failed(error: IpatsError) -> None:
    """Tell of a failed notebook while the others go on."""
    LOGS.line("failed", message=str(error), **getattr(error, "facts", dict)())
    err.print(f"[bold red]Failed:[/] {_plain(str(error))}", soft_wrap=True)


def _notice(said: str) -> None:
    LOGS.line("waiting", message=said)
    err.print(_plain(said), soft_wrap=True)


def _share(place: str, key: Path | None) -> Any:
    if not place:
        return None
    from ipats_lib.publishing.share import open_share

    return open_share(place, key)


def _pool(scheduler: str, patience: float, share: Any) -> Any:
    if not scheduler:
        return None
    from ipats_lib.publishing.cluster import cluster_workers

    return lambda _: cluster_workers(scheduler, patience, _notice, share)


@app.command()
@sentences
def worker(
    scheduler: Scheduler,
    slots: Annotated[int, typer.Option(help="Pages at once.", min=1)] = 2,
    share: ShareFolder = "",
    share_key: ShareKey = None,
) -> None:
    """Make pages for a build on another machine, until the scheduler goes away."""
    from ipats_lib.publishing.cluster import run_worker

    run_worker(scheduler, slots, _share(share, share_key))


@app.command()
@sentences
def build(
    extract: Extract,
    period: PeriodName,
    site: SiteFolder,
    only: Annotated[list[str] | None, typer.Option(help="lwia/07 and what is inside it.")] = None,
    workers: Annotated[int, typer.Option(help="Processes at once.", min=1)] = 2,
    notebooks: Annotated[Path, typer.Option(help="The folder of the families.")] = Path(
        __file__
    ).parent
    / "notebooks",
    clean: Annotated[bool, typer.Option(help="Execute every page anew.")] = False,
    explain: Annotated[bool, typer.Option(help="Say why each page is executed anew.")] = False,
    scheduler: Scheduler = "",
    share: ShareFolder = "",
    share_key: ShareKey = None,
    worker_seconds: Annotated[
        float, typer.Option(help="How long to wait for a worker when the scheduler has none left.")
    ] = 120,
    notebook_seconds: Annotated[float, typer.Option(help="A notebook's time limit.")] = 300,
    notebook_mb: Annotated[float, typer.Option(help="A notebook's memory limit.")] = 4096,
    earlier: Annotated[
        list[str] | None, typer.Option(help="An older snapshot's folder or URL, for the trend.")
    ] = None,
    store: Store = SNAPSHOTS,
    as_of: AsOf = None,
    contacts: Contacts = "any_contact",
) -> None:
    """Publish: execute every notebook for every scope, verify, and switch the site in one step."""
    from ipats_lib.periods import Period
    from ipats_lib.publishing.build import build
    from ipats_lib.publishing.run import Options

    shared = _share(share, share_key)
    options = Options(
        notebooks=notebooks,
        site=site,
        period=Period.parse(period),
        only=tuple(only or ()),
        workers=workers,
        clean=clean,
        explain=_explain(explain),
        failed=_failed,
        pool=_pool(scheduler, worker_seconds, shared),
        notebook_seconds=notebook_seconds,
        notebook_mb=notebook_mb,
        earlier=tuple(_kept(place, store) for place in earlier or ()),
        share=shared,
    )
    source = _snapshot(extract, store, as_of, contacts)
    with shown_progress() as advance:
        run = build(source, options, advance)
    said = (
        "nothing had changed" if run.unchanged else f"{run.executed:,} runs of notebooks made anew"
    )
    err.print(f"Published {run.pages:,} pages: {said}.")
    LOGS.line("published", **asdict(run))
    print(options.site / options.period.name)


@app.command()
@sentences
def rollback(period: PeriodName, site: SiteFolder) -> None:
    """Show the publication before the current one again."""
    from ipats_lib.publishing.site import Site

    print(Site(site).rollback(period))


@app.command()
@sentences
def serve(
    site: SiteFolder,
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    address: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    store: Annotated[Path, typer.Option("--access", help="The access store.")] = STORE,
    log: Annotated[Path, typer.Option("--audit", help="The audit log's folder.")] = AUDIT,
    behind_nginx: Annotated[bool, typer.Option(help="nginx sends the files.")] = False,
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate, PEM.")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS key, PKCS#8.")] = None,
    oidc: Annotated[Path | None, typer.Option(help="The identity provider, a JSON file.")] = None,
    passwords: Annotated[bool, typer.Option("--passwords", help="Beside --oidc.")] = False,
    unprotected: Annotated[bool, typer.Option(help="A look at made-up data: NO access.")] = False,
) -> None:
    """Serve a site to those who may see it; --unprotected shows it to whoever asks, on loopback."""
    if unprotected:
        from ipats_lib.publishing.preview import serve_unprotected

        serve_unprotected(site, port, err.print)
        return
    from ipats_lib.access.gateway import Setup
    from ipats_lib.access.oidc import Provider, read_client
    from ipats_lib.access.serve import serve as serve_protected

    provider = Provider(read_client(oidc)) if oidc else None
    local = passwords or provider is None
    setup = Setup(site, store, log, proxied=behind_nginx, oidc=provider, passwords=local)
    serve_protected(setup, address, port, certificate, key)


if __name__ == "__main__":
    app()
