"""The nginx configuration of the production set-up, from the same constants as the gateway's.

nginx decides nothing: every request goes to the gateway as it came, and the gateway's answer names
the file. So a path is interpreted once.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ipats_lib.access.headers import INTERNAL, SECURITY
from ipats_lib.errors import UsageError

_SAFE = re.compile(r"[A-Za-z0-9_./:-]+")
# Nothing but these of what a browser sends reaches the gateway.
_PASSED = ("Cookie", "Content-Type", "Content-Length", "Sec-Fetch-Site", "Origin")


@dataclass(frozen=True, slots=True)
class Front:
    """The site's folder, where the gateway listens, where nginx listens; TLS files or nothing."""

    site: Path
    gateway: str
    listen: str
    certificate: str = ""
    key: str = ""


def configuration(front: Front) -> str:
    """`upstream` and `server` for nginx's `http`; UsageError for a value it could misread."""
    site = str(front.site.resolve())
    for value in (site, front.gateway, front.listen, front.certificate, front.key):
        if value and not _SAFE.fullmatch(value):
            raise UsageError(
                f"'{value}' cannot stand in a configuration: letters, digits, . / : _ -."
            )
    always = "\n".join(
        f'    add_header {name} "{value}" always;' for name, value in SECURITY.items()
    )
    hidden = "\n".join(f"    proxy_hide_header {name};" for name in SECURITY)
    passed = "\n".join(f"    proxy_set_header {name} $http_{_variable(name)};" for name in _PASSED)
    return _SERVER.format(
        listen=f"{front.listen} ssl" if front.certificate else front.listen,
        tls=_TLS.format(front=front) if front.certificate else "",
        gateway=front.gateway,
        site=site,
        internal=INTERNAL,
        always=always,
        hidden=hidden,
        passed=passed,
    )


def _variable(header: str) -> str:
    return header.lower().replace("-", "_")


_TLS = """
  ssl_certificate {front.certificate};
  ssl_certificate_key {front.key};
  ssl_protocols TLSv1.2 TLSv1.3;
"""
_SERVER = """\
# Written by `publish.py access export nginx`: change its constants, not this file.
upstream ipats_gateway {{
  server {gateway};
  keepalive 32;
}}
server {{
  listen {listen};
  server_tokens off;
  client_max_body_size 16k;
  # A publication is replaced by renaming a link: a remembered descriptor would be the old one.
  open_file_cache off;{tls}
  location / {{
    proxy_pass http://ipats_gateway;
    proxy_http_version 1.1;
    proxy_pass_request_headers off;
{passed}
    proxy_set_header Host $host;
    proxy_set_header Connection "";
    proxy_set_header X-Real-IP $remote_addr;
{hidden}
{always}
  }}
  location {internal} {{
    internal;
    alias {site}/;
    autoindex off;
    default_type application/octet-stream;
{always}
  }}
}}
"""
