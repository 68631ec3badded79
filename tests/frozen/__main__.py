"""Freeze every figure of a publication's downloads, and compare another publication with them.

    python -m tests.frozen freeze SITE PERIOD      writes tests/frozen/PERIOD.parquet
    python -m tests.frozen compare SITE PERIOD     lists each cell that differs; exit 1 if any does
    python -m tests.frozen compare SITE PERIOD BEFORE   the same against another site's own files

The frozen table holds every cell of the state and of the LWIAs, and every cell of a planner's
`figures.csv`. A planner's other files (five million cells) are frozen as one digest per column;
where one differs, name the site of the commit before to see which cell it is.

`files.csv` names each download and the columns that are its keys. A file of figures gives one cell
per key and column. A file that names customers gives, per key, how many lines and customers it has
and a digest of who they are, so that two customers who trade places are seen.
"""

import hashlib
import io
import sys
from pathlib import Path

import pandas as pd

from ipats_lib.publishing.files import read_published

HERE = Path(__file__).parent
CELL = ["scope", "file", "key", "column"]


def specification() -> pd.DataFrame:
    """One row per download: file, keys, left_out (columns of words)."""
    return pd.read_csv(HERE / "files.csv", keep_default_na=False)


def cells(site: Path, period: str) -> pd.DataFrame:
    """Every cell of every download: scope, file, key, column, value (text); blanks left out."""
    parts = []
    release = site / period
    for line in specification().itertuples():
        for path in sorted({p.parent / line.file.rpartition("/")[2]
                            for p in release.rglob(f"{line.file}*")}):  # fmt: skip
            scope = path.relative_to(release).as_posix().removesuffix(f"/{line.file}")
            held = io.BytesIO(read_published(path))
            frame = pd.read_csv(held, dtype="str", keep_default_na=False)
            keys = [name for name in line.keys.split("|") if name in frame]
            found = _listed(frame, keys) if "customer" in frame else _counted(
                frame, keys, line.left_out.split("|")
            )  # fmt: skip
            parts.append(found.assign(scope=scope, file=line.file))
    whole = pd.concat(parts, ignore_index=True)
    whole = whole[whole["value"] != ""].sort_values(CELL, ignore_index=True)
    return whole[[*CELL, "value"]]


def _key(frame: pd.DataFrame, keys: list[str]) -> pd.Series:
    if not keys:
        return pd.Series("", index=frame.index)
    return frame[keys[0]].str.cat([frame[name] for name in keys[1:]], sep="|")


def _counted(frame: pd.DataFrame, keys: list[str], left_out: list[str]) -> pd.DataFrame:
    values = frame.drop(columns=[name for name in (*keys, *left_out) if name in frame])
    long = values.assign(key=_key(frame, keys)).melt("key", var_name="column", value_name="cell")
    return long.assign(value=long["cell"].map(_plain))


def _plain(text: str) -> str:
    """Whole numbers and truth in one spelling: how they are written is no figure."""
    if text in ("True", "False"):
        return text.lower()
    return text.removesuffix(".0")


def _listed(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    groups = frame.assign(key=_key(frame, keys)).groupby("key")["customer"]
    found = pd.DataFrame(
        {
            "lines": groups.size().astype("str"),
            "customers": groups.nunique().astype("str"),
            "who": groups.agg(_digest),
        }
    )
    return found.rename_axis("key").reset_index().melt("key", var_name="column")


def _digest(customers: pd.Series) -> str:
    return hashlib.sha256("\n".join(sorted(customers)).encode()).hexdigest()[:16]


def packed(found: pd.DataFrame) -> pd.DataFrame:
    """The cells, those of planners' long files as one digest per scope, file and column."""
    long = found["scope"].str.contains("/planner/") & (found["file"] != "figures.csv")
    lines = found["key"] + "|" + found["value"]
    columns = lines[long].groupby([found["scope"], found["file"], found["column"]], sort=True)
    digests = columns.agg(lambda cells: f"{len(cells)} cells, {_digest(cells)}").rename("value")
    one = digests.reset_index().assign(key="(all)")[[*CELL, "value"]]
    return pd.concat([found[~long], one]).sort_values(CELL, ignore_index=True)


def differences(frozen: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Cells that are frozen and differ or are gone: scope, file, key, column, frozen, found."""
    both = frozen.merge(found, how="left", on=CELL, suffixes=("_frozen", "_found"))
    both = both.rename(columns={"value_frozen": "frozen", "value_found": "found"})
    return both[both["frozen"] != both["found"]].fillna({"found": "(gone)"})


def main(verb: str, site: str, period: str, before: str = "") -> int:
    """Run the command; returns its exit code."""
    place, found = HERE / f"{period}.parquet", cells(Path(site), period)
    if before:
        return _compared(cells(Path(before), period), found)
    found = packed(found)
    if verb == "freeze":
        found.astype("category").to_parquet(place, compression="zstd", index=False)
        print(f"{len(found):,} cells of {found['scope'].nunique()} scopes are in {place}.")
        return 0
    return _compared(pd.read_parquet(place).astype("str"), found)


def _compared(frozen: pd.DataFrame, found: pd.DataFrame) -> int:
    differ = differences(frozen, found)
    new = len(found) - len(frozen) + int((differ["found"] == "(gone)").sum())
    print(f"Cells compared: {len(frozen):,}. Differing: {len(differ):,}. New: {new:,}.")
    for (file, column), lines in differ.groupby(["file", "column"]):
        scopes = lines["scope"].nunique()
        print(f"{file}, {column}: {len(lines):,} cells in {scopes} scopes, first:")
        print("  " + " | ".join(lines.iloc[0][["scope", "key", "frozen", "found"]]))
    return int(not differ.empty)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
