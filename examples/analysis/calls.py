"""What the scripts beside it share: expressions over the columns of ``calls.parquet``."""

import polars as pl

LOOKUP = ("process", "function", "params")
"""What was asked, and in which process: a repeat is one inside one process."""


def read_param(name: str) -> pl.Expr:
    """The value of a parameter; null where a call has no such parameter."""
    named = pl.col("params").list.filter(pl.element().struct.field("name") == name)
    return named.list.first().struct.field("value")


def read_results() -> pl.Expr:
    """The metrics that are results: all but the times, whose names end in their unit."""
    is_time = pl.element().struct.field("name").str.contains("_(ms|us|ns)$")
    return pl.col("metrics").list.filter(~is_time)


def print_rows(rows: pl.DataFrame) -> None:
    """Prints a frame whole, as comma-separated values."""
    print(rows.write_csv(), end="")
