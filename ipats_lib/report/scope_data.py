"""What a run of a notebook receives: the frames of one scope, and whose they are.

Nothing here computes a frame: `data.StateData` does, in the publisher or where a report is opened
alone.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import feather

from ipats_lib.errors import SnapshotError, UsageError
from ipats_lib.frames import ACROSS
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.slices import arrow_bytes

T = TypeVar("T")
FRAMES = tuple(SCHEMAS)
# Those of several areas. Outside the state's folder all scopes have the same (decision 0016).
ACROSS_AREAS = frozenset(ACROSS)
LONG = 1000  # rows; in shorter tables it costs more than it saves


@dataclass(frozen=True, slots=True)
class About:
    """What every page must say about its figures: whose, of which period, known when.

    whole_from: the first day of the oldest quarter whose exits the extract holds as a whole.
    """

    scope: str
    title: str
    period: str
    as_of: str
    as_of_source: str
    synthetic: bool
    missing_tables: tuple[str, ...]
    whole_from: str = ""


@dataclass(frozen=True, repr=False)
class ScopeData:
    """One scope's frames: those of `SCHEMAS`, or the ones that its notebook declares.

    tables: the same as Arrow tables, where they are to be written.
    """

    about: About
    frames: Mapping[str, pd.DataFrame]
    tables: Mapping[str, pa.Table] = field(default_factory=dict)

    def frame(self, name: str) -> pd.DataFrame:
        """One frame; UsageError when the notebook did not declare that it reads it."""
        if name not in FRAMES:
            raise UsageError(f"There is no frame `{name}`: the frames are {', '.join(FRAMES)}.")
        if name not in self.frames:
            raise UsageError(
                f"This notebook does not declare the frame `{name}`: add "
                f'"{name}" to the list "data" of "ipats" in its metadata, save it and run it again.'
            )
        return self.frames[name]

    def only(self, names: Iterable[str]) -> "ScopeData":
        """The same with these frames alone, as a run that declares them receives it."""
        kept = [name for name in names if name in self.frames]
        return replace(self, frames=Kept(kept, self.frames.__getitem__))

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """`about.json` and one Arrow file per frame, by name, each made when it is asked for.
        Equal data, equal bytes."""
        return Kept(("about.json", *(f"{name}.arrow" for name in self.frames)), self._file)

    def _file(self, file: str) -> bytes:
        name = file.removesuffix(".arrow")
        if name == file:
            return json.dumps(asdict(self.about), indent=1, sort_keys=True).encode()
        return arrow_bytes(self.tables[name])

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """SHA-256 of each file, by the name of its frame (`about` for `about.json`)."""
        files = {file.split(".")[0]: file for file in self.files}
        return Kept(files, lambda name: hashlib.sha256(self.files[files[name]]).hexdigest())

    @classmethod
    def read(cls, folder: Path) -> "ScopeData":
        """Read what `write` wrote; SnapshotError when the folder is not such data."""
        try:
            raw = json.loads((folder / "about.json").read_text())
            about = About(**{**raw, "missing_tables": tuple(raw["missing_tables"])})
            frames = {
                name: frame_of(feather.read_table(folder / f"{name}.arrow", use_threads=False))
                for name in FRAMES
                if (folder / f"{name}.arrow").exists()
            }
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise SnapshotError(f"{folder} does not hold the data of a scope.") from error
        return cls(about, frames)


class Kept(Mapping[str, T]):
    """Values by name, each made when it is first asked for and kept."""

    def __init__(self, names: Iterable[str], make: Callable[[str], T]) -> None:
        self._names, self._make = dict.fromkeys(names), make
        self._made: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a frame. In a long one equal texts of a column are one object, which is
    made, hashed and compared once."""
    if len(table) < LONG:
        return table.to_pandas(use_threads=False)
    texts = {one.name for one in table.schema if pa.types.is_large_string(one.type)}
    others = table.drop_columns(list(texts)).to_pandas(use_threads=False)
    columns = {
        name: _words(table[name]) if name in texts else others[name] for name in table.column_names
    }
    return pd.DataFrame(columns, copy=False)


def _words(texts: pa.ChunkedArray) -> Any:
    """A column of texts, of which each is made once."""
    coded = texts.combine_chunks().dictionary_encode()
    words = np.array([*coded.dictionary.to_pylist(), np.nan], dtype="object")
    values = words[coded.indices.fill_null(-1).to_numpy()]
    return pd.array(values, dtype=pd.StringDtype(na_value=np.nan), copy=False)


def as_of(about: About) -> date:
    """The as-of date as a date."""
    return date.fromisoformat(about.as_of)
