"""The nginx configuration of the production set-up, from the same constants as the gateway's.

nginx decides nothing: every request goes to the gateway as it came, and the gateway's answer names
the file. So a path is interpreted once. Of what a browser sends only the body, whose length nginx
itself has counted, and the headers of `_PASSED` go on: a length that the browser states and nginx
does not count is how one request becomes two.
"""

import re
from pathlib import Path

from ipats_lib.access.headers import INTERNAL, INTERNAL_PACKED, SECURITY
from ipats_lib.access.settings import load_settings
from ipats_lib.errors import UsageError

_SAFE = re.compile(r"[A-Za-z0-9_./:-]+")
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
_PASSED = ("Cookie", "Content-Type")


def configuration(
    site: Path, gateway: str, listen: str, *, certificate: str = "", key: str = "",
    plain: bool = False, log: str = "/var/log/nginx",
) -> str:  # fmt: skip
    """What goes into nginx's `http`; UsageError for a value it could misread, or without TLS.

    gateway, listen: where each listens. certificate and key: PEM files; without them `plain` must
    be said. log: the folder that nginx writes to.
    """
    if bool(certificate and key) == plain:
        raise UsageError("Write --certificate and --key, or --plain when something else does TLS.")
    place = str(site.resolve())
    for value in (place, gateway, listen, certificate, key, log):
        address = value in (gateway, listen) and _IPV6.fullmatch(value)
        if value and not (address or _SAFE.fullmatch(value)):
            raise UsageError(
                f"'{value}' cannot stand in a configuration: letters, digits, . / : _ -, and an "
                "IPv6 address in brackets."
            )
    always = "\n".join(f'  add_header {name} "{value}" always;' for name, value in SECURITY.items())
    proxied = [
        f"    proxy_set_header {name} $http_{name.lower().replace('-', '_')};" for name in _PASSED
    ]
    proxied += [f"    proxy_hide_header {name};" for name in SECURITY]
    return _SERVER.format(
        listen=listen if plain else f"{listen} ssl",
        tls="" if plain else _TLS.format(certificate=certificate, key=key),
        gateway=gateway,
        site=place,
        log=log,
        files=_FILES.format(place=INTERNAL, site=place, packed=_BESIDE),
        packed=_FILES.format(place=INTERNAL_PACKED, site=place, packed=_ALONE),
        seconds=load_settings().request_seconds,
        always=always,
        proxied=_PROXIED.format(more="\n".join(proxied)),
    )


_TLS = """
  ssl_certificate {certificate};
  ssl_certificate_key {key};
  ssl_protocols TLSv1.2 TLSv1.3;
"""
# No address of a proxy may hold a path: nginx then sends on the bytes that the browser sent.
_PROXIED = """\
    proxy_pass http://ipats_gateway;
    proxy_http_version 1.1;
    proxy_pass_request_headers off;
    proxy_set_header Host $host;
    proxy_set_header Connection "";
    proxy_set_header X-Real-IP $remote_addr;
{more}"""
_BESIDE = """\
    # A packed copy beside the file, for a browser that accepts it.
    gzip_static on;"""
_ALONE = """\
    # Files that are kept packed alone, unpacked for a browser that does not accept that.
    gzip_static always;
    gunzip on;"""
_FILES = """\
  location {place} {{
    internal;
    alias {site}/;
    autoindex off;
    default_type application/octet-stream;
{packed}
    gzip_vary on;
    # Many ranges of one file make an answer larger than the file.
    max_ranges 1;
    # The gateway names the release itself, not the link to it: below the site no link is followed.
    disable_symlinks on from={site};
    # Asked for from outside, gone or behind a link since it was named: the gateway's own answer.
    error_page 403 404 = @ipats_gateway;
  }}"""
_SERVER = """\
# Written by `publish.py access export nginx`: change its constants, not this file.
upstream ipats_gateway {{
  server {gateway};
  keepalive 32;
  keepalive_timeout 30s;
}}
# What the gateway answered is in its own log; of what it never saw, no path: it may hold a name.
map $upstream_status $ipats_refused {{
  default 0;
  "" 1;
  "-" 1;
  502 1;
  504 1;
}}
log_format ipats_refused '$time_iso8601 $remote_addr $status $request_length';
server {{
  listen {listen};
  server_tokens off;
  client_max_body_size 16k;
  # A connection holds one of nginx's `worker_connections` until its request is there.
  client_header_timeout {seconds}s;
  client_body_timeout {seconds}s;
  send_timeout {seconds}s;
  reset_timedout_connection on;
  access_log {log}/ipats-refused.log ipats_refused if=$ipats_refused;
  error_log {log}/ipats-error.log crit;
  # A publication is replaced by renaming a link: a remembered descriptor would be the old one.
  open_file_cache off;{tls}
{always}
  location / {{
{proxied}
  }}
{files}
{packed}
  location @ipats_gateway {{
{proxied}
  }}
  # nginx refuses TRACE by itself: the gateway refuses and records it.
  error_page 405 = @ipats_gateway;
}}
"""
