"""The files that all pages share: stylesheet, icon, script, chart bundle. No data in them.

Each is named by the hash of its content, so that a page never meets another build's asset, and a
browser may keep it for ever.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import vl_convert

from ipats_lib.publishing.files import STATIC, joined, write_file

CHART = '<figure class="chart"'


@dataclass(frozen=True, slots=True)
class Assets:
    """Names of the shared files under `_static/`, and their content."""

    style: str
    icon: str
    script: str
    charts: str
    content: dict[str, bytes]

    def scripts_of(self, body: str) -> tuple[str, ...]:
        """What a page with this content loads: the chart bundle only to draw charts."""
        return (self.charts, self.script) if CHART in body else (self.script,)

    def write(self, folder: Path) -> None:
        """Put the files in place; one that is there already has the same content."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in self.content.items():
            if not (folder / name).is_file() or (folder / name).read_bytes() != data:
                write_file(folder / name, data)


@cache
def build_assets() -> Assets:
    """Stylesheet and script of the project, and the chart bundle that vl-convert carries.

    The bundle is an ES module without imports or exports; wrapped in a function it loads as a
    plain script, from `file://` too.
    """
    bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    style = _named("style.css", joined("*.css"))
    icon = _named("icon.svg", (STATIC / "icon.svg").read_bytes())
    charts = _named("vega.js", f"(function(){{{bundle}\n}})();".encode())
    script = _named("ipats.js", joined("*.js"))
    return Assets(style[0], icon[0], script[0], charts[0], dict([style, icon, charts, script]))


def _named(name: str, data: bytes) -> tuple[str, bytes]:
    stem, ending = name.split(".")
    return f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{ending}", data
