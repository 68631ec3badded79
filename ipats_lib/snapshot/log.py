"""Findings written as they are found, so that any number of them fits in memory."""

from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from ipats_lib.validation.findings import SCHEMA

FLUSH = 65_536


class FindingsLog:
    """Appends findings to one Parquet file; a context manager."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def add(self, *findings: pa.Table) -> None:
        for table in findings:
            self._waiting.append(table)
            self._rows += len(table)
            if self._rows >= FLUSH:
                self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting), row_group_size=FLUSH)
        self._waiting, self._rows = [], 0

    def __enter__(self) -> "FindingsLog":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
