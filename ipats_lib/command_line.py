"""The command line: each command reads its options, calls one function, and prints."""

import functools
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ipats_lib import __version__, modes
from ipats_lib import command_options as ask
from ipats_lib.access import commands as of_access
from ipats_lib.access.commands import AUDIT, STORE, access, audit
from ipats_lib.console import Commands, log_in_json, ready_streams, say, shown_progress, writing
from ipats_lib.durable import write_file
from ipats_lib.errors import UsageError
from ipats_lib.inputs import has_suffix
from ipats_lib.periods import Period
from ipats_lib.places import SNAPSHOTS
from ipats_lib.project import in_checkout, settle, write_project
from ipats_lib.publishing.commands import publishing
from ipats_lib.review.commands import review

app = Commands(no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(access, name="access")
app.add_typer(audit, name="audit")
levels = Commands(no_args_is_help=True, help="Levels, and the model that adjusts them.")
app.add_typer(levels, name="levels")
export = Commands(no_args_is_help=True, help="Files for the web server.")
access.add_typer(export, name="export")
Out = Annotated[Path, typer.Option(help="The file to write.")]


def _print_version(asked: bool) -> None:
    if asked:
        print(f"ipats {__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    log_format: Annotated[str, typer.Option(help="text, or json for operators.")] = "text",
    version: Annotated[  # noqa: ARG001  (its callback prints it)
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    """IPATS: WIOA performance reports, from an IWDS extract to a published site."""
    modes.by_intent()
    settle()
    if log_format not in ("text", "json"):
        raise typer.BadParameter("write text or json", param_hint="--log-format")
    if log_format == "json":
        # The server that `serve` starts has a log of its own.
        log_in_json(take_standard_error=context.invoked_subcommand != "serve")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to write, new or without these two.")],
) -> None:
    """Write the parameters and notebooks that come with IPATS, to change them there."""
    with writing(folder):
        write_project(folder)
    use = "An installed IPATS uses them; a checkout uses its own."
    use = use if in_checkout() else "Commands that run there use them."
    say("written", f"Wrote params and notebooks to {folder}. {use}")


@app.command()
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
    with writing(out), shown_progress() as advance:
        progress = functools.partial(advance, "sample")
        write_sample(out, seed=seed, scale=scale, as_of=day, progress=progress)
    say("written", f"Wrote the synthetic extract {out}, as of {day}.")


@app.command()
def snapshot(
    extract: ask.Extract,
    store: ask.Store = SNAPSHOTS,
    as_of: ask.AsOf = None,
    contacts: ask.Contacts = "any_contact",
    group: ask.Group = "",
) -> None:
    """Validate an extract and keep it as an immutable snapshot."""
    made = ask.snapshot_of(extract, store, as_of, contacts, group)
    found = made.findings()
    say("snapshot", f"Snapshot {made.id}, as of {made.as_of}: {len(found)} findings.")
    for (rule, severity), lines in found.groupby(["rule", "severity"]):
        say("findings", f"  {rule} {severity}: {len(lines)}")
    print(made.path)


@app.command()
def sync(
    source: Annotated[
        str, typer.Argument(help="A folder, .zip or URL of an extract, or a database's .toml.")
    ],
    store: Annotated[Path, typer.Option(help="The folder of snapshots.")] = Path(SNAPSHOTS),
    as_of: ask.AsOf = None,
    contacts: ask.Contacts = "any_contact",
    group: ask.Group = "",
    access_store: Annotated[
        Path | None, typer.Option("--access", help="An access store that takes the accounts.")
    ] = None,
    taken: Annotated[
        datetime | None, typer.Option(help="With --access: when IWDS wrote the extract, UTC.")
    ] = None,
    log: of_access.AuditFolder = AUDIT,
    server: of_access.Server = "",
    sender: of_access.Sender = "",
    approvers: of_access.Approvers = "",
    plain: of_access.Plain = False,
) -> None:
    """Make a snapshot of what a source holds now. Half a sync leaves nothing.

    With --access the accounts that come with it become the roster: a person deactivated in IWDS
    loses access. Those of a database are as new as the sync, others as old as the extract. Exit 7:
    the roster lacks many accounts, and the one before stays, but for what this one closes.
    """
    from ipats_lib.sources import extract_of

    post = of_access.postbox_of(server, sender, approvers, "", plain) if server else None
    began = datetime.now(UTC) if has_suffix(Path(source), ".toml") else None
    with writing(store), extract_of(source, store) as folder:
        made = ask.snapshot_of(str(folder), str(store), as_of, contacts, group)
    say("snapshot", f"Snapshot {made.id}, as of {made.as_of}: {len(made.findings())} findings.")
    print(made.path)
    if access_store:
        from ipats_lib.access.roster_files import snapshot_roster

        file = snapshot_roster(made.path, taken or began)
        say("accounts", of_access.take_roster(file, str(made.path), access_store, log, post=post))


@app.command()
def indicators(
    extract: ask.Extract,
    period: ask.PeriodName,
    out: Annotated[Path, typer.Option(help="The CSV file to write.")],
    store: ask.Store = SNAPSHOTS,
    as_of: ask.AsOf = None,
    contacts: ask.Contacts = "any_contact",
    suppress: Annotated[bool, typer.Option(help="Withhold small cells, marked *.")] = False,
    released: ask.ReleasedRecords = None,
) -> None:
    """Write the five indicators of every area and planner in the long form.

    With --suppress the file counts as published: the store keeps a record of what it shows.
    """
    from ipats_lib.report.figures import all_figures, figures_csv, write_figures
    from ipats_lib.snapshot import keep_released, read_released

    wanted = Period.parse(period)
    source = ask.snapshot_of(extract, store, as_of, contacts)
    kept = source.path.parent
    known = read_released(kept, wanted, released or ()) if suppress else ()
    figures = all_figures(source, wanted, suppress=suppress, released=known)
    if suppress:
        with writing(kept):
            keep_released(kept, wanted.name, figures_csv(figures))
        ask.say_released([one.name for one in known], wanted)
    with writing(out):
        write_figures(figures, out)
    say("written", f"Wrote {len(figures):,} figures to {out}.")


@app.command()
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
    say("compared", f"{found.rows:,} rows compared, {found.disagreeing:,} lines disagree.")
    if found.disagreeing:
        raise typer.Exit(8)


@levels.command("import-model")
def import_model(
    summary: Annotated[Path, typer.Argument(help="DOL's model summary of the state, as HTML.")],
    py: Annotated[int, typer.Option(help="The program year, such as 2024.", min=2016, max=2040)],
    area: Annotated[str, typer.Option(help="IL, or an LWIA's number.")] = "IL",
    program: Annotated[str, typer.Option(help="Where no heading says it: adult, dw ...")] = "",
    indicator: Annotated[str, typer.Option(help="Where no heading says it: ERQ2, ME ...")] = "",
    out: Annotated[
        Path | None, typer.Option(help="The folder to add to; by default params/adjustment.")
    ] = None,
) -> None:
    """Add the coefficients and values of DOL's published adjustment model to the parameters."""
    from ipats_lib.assessment import summaries
    from ipats_lib.groups import group_names
    from ipats_lib.params import params_folder

    summaries.check_area(area)
    models = summaries.read_summary(summary, program, indicator)
    folder = out or params_folder() / "adjustment"
    with writing(folder):
        added = summaries.import_models(models, summary, py, area, folder)
    named = ", ".join(f"{model.program} {model.indicator}" for model in models)
    counts = ", ".join(f"{name} {number}" for name, number in added.items())
    say("imported", f"Imported PY{py} for {area}: {named}. New lines: {counts}.")
    others = summaries.unmapped(models, group_names())
    if others:
        say("imported", f"No groups of the records, for conditions.csv: {', '.join(others)}.")


@levels.command("import")
def import_levels(
    results: Annotated[Path, typer.Argument(help="DOL's annual results by local board, as CSV.")],
    out: Annotated[
        Path | None, typer.Option(help="The folder to add to; by default params/levels.")
    ] = None,
) -> None:
    """Add the levels of Illinois' local boards to the parameters."""
    from ipats_lib.levels import local_boards
    from ipats_lib.params import params_folder

    folder = out or params_folder() / "levels"
    with writing(folder):
        added, known = local_boards.import_levels(results, folder)
    say("imported", f"Imported {added:,} levels; {known:,} more were there already.")


@export.command()
def roster(
    snapshot: Annotated[Path, typer.Option(help="The snapshot whose accounts to export.")],
    out: Out,
    taken: Annotated[
        datetime | None, typer.Option(help="When IWDS wrote the extract, UTC; else its as-of day.")
    ] = None,
) -> None:
    """Write the accounts of a snapshot, for `access import` on the web server."""
    from ipats_lib.access.roster_files import snapshot_roster

    text = snapshot_roster(snapshot, taken).text
    with writing(out):
        write_file(out, text.encode())
    print(out)


@export.command()
def nginx(
    site: Annotated[Path, typer.Option(help="The published site.")],
    out: Out,
    gateway: Annotated[str, typer.Option(help="Where the gateway listens.")] = "127.0.0.1:8000",
    listen: Annotated[str, typer.Option(help="Where nginx listens.")] = "443",
    certificate: Annotated[str, typer.Option(help="TLS certificate, PEM.")] = "",
    key: Annotated[str, typer.Option(help="TLS key, PEM.")] = "",
    plain: Annotated[bool, typer.Option("--plain", help="Without TLS.")] = False,
    log: Annotated[str, typer.Option(help="The folder of nginx's logs.")] = "/var/log/nginx",
) -> None:
    """Write nginx's server block; the gateway then runs with `serve --behind-nginx`."""
    from ipats_lib.access.nginx import configuration

    facts = {"certificate": certificate, "key": key, "log": log}
    text = configuration(site, gateway, listen, plain=plain, **facts)
    with writing(out):
        write_file(out, text.encode())
    print(out)


@app.command()
def serve(
    site: ask.SiteFolder,
    port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65535)] = 8000,
    address: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    store: Annotated[Path, typer.Option("--access", help="The access store.")] = STORE,
    log: Annotated[Path, typer.Option("--audit", help="The audit log's folder.")] = AUDIT,
    behind_nginx: Annotated[bool, typer.Option(help="nginx sends the files.")] = False,
    proxy: Annotated[
        list[str], typer.Option(help="With --behind-nginx: the address that nginx comes from.")
    ] = ["127.0.0.1", "::1"],  # noqa: B006  (typer copies it)
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate, PEM.")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS key, PKCS#8.")] = None,
    oidc: Annotated[Path | None, typer.Option(help="The identity provider, a JSON file.")] = None,
    passwords: Annotated[bool, typer.Option("--passwords", help="Beside --oidc.")] = False,
    unprotected: Annotated[bool, typer.Option(help="A look at made-up data: NO access.")] = False,
) -> None:
    """Serve a site to those who may see it; --unprotected shows it to whoever asks, on loopback."""
    if unprotected:
        from ipats_lib.publishing.preview import serve_unprotected

        serve_unprotected(site, port)
        return
    from ipats_lib.access.gateway import Setup
    from ipats_lib.access.oidc import Provider, read_client
    from ipats_lib.access.serve import serve as serve_protected

    provider = Provider(read_client(oidc)) if oidc else None
    local = passwords or provider is None
    named = frozenset(proxy)
    setup = Setup(
        site, store, log, proxied=behind_nginx, proxies=named, oidc=provider, passwords=local
    )
    serve_protected(setup, address, port, certificate, key)


app.add_typer(publishing)
app.add_typer(review)


def main() -> None:
    """Run the command that the arguments name."""
    ready_streams()
    app()
