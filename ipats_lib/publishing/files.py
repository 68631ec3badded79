"""Where the parts of a site are, and the names of its files."""

from pathlib import Path, PurePosixPath

from ipats_lib.durable import file_hash
from ipats_lib.project import given

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
DOCS = given() / "docs"
# What the site's guide is made of, in its order.
GUIDE = (DOCS / "guide.md", DOCS / "glossary.md")
# The landing page of each scope's folder.
INDEX = "index.html"
LANDING = "index"
# In each scope's folder: `{"scopes": [{"path", "title"}]}` of the scope and of those inside it; one
# that has not the pages of every family names its `families`.
SCOPES_FILE = "scopes.json"
# What a run did, for state administrators.
RUN_FILE = PurePosixPath("state/run.html")
# What a page may load, on every server.
# Vega sets styles on the elements that it draws: allowed on attributes, never as a style sheet.
POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'",
    "style-src-attr 'unsafe-inline'", "img-src 'self' data:", "connect-src 'self'",
    "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
))  # fmt: skip


def joined(pattern: str) -> bytes:
    """The style sheets or scripts under `static/` as one file, in the order of their names."""
    return b"\n".join(path.read_bytes() for path in sorted(STATIC.glob(pattern)))


def notebook_files(folder: Path) -> list[Path]:
    """The notebooks in the family folders of `folder`, sorted.

    Files whose name starts with a dot are left out: a Mac puts `._name.ipynb` beside `name.ipynb`.
    """
    return sorted(path for path in folder.glob("*/*.ipynb") if not path.name.startswith("."))


def is_sound(path: Path) -> bool:
    """Whether a file that is named by its content (`style.<hash>.css`) is there and holds it."""
    try:
        return file_hash(path).startswith(path.name.split(".")[-2])
    except OSError:
        return False
