"""The command line of the server: what nginx and the web server get, and serving itself."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ipats_lib.access.commands import AUDIT, STORE, access
from ipats_lib.console import Commands, writing
from ipats_lib.durable import write_file
from ipats_lib.publishing.commands import SiteFolder

export = Commands(no_args_is_help=True, help="Files for the web server.")
access.add_typer(export, name="export")
Out = Annotated[Path, typer.Option(help="The file to write.")]


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


def serve(
    site: SiteFolder,
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
