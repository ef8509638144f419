"""What does the second run ask more or less often? ``python two_runs.py before.parquet after.parquet``.

Joined by signature: function, caller and parameters. Identifiers that every run makes anew are written as ``*``.
"""

import sys

import polars as pl
from calls import LOOKUP, print_rows

IDENTIFIER = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def count_signatures(path: str) -> pl.DataFrame:
    """Calls and repeats of each signature, whatever its identifiers."""
    name, value = pl.element().struct.field("name"), pl.element().struct.field("value")
    params = pl.col("params").list.eval(name + "=" + value.str.replace_all(IDENTIFIER, "*")).list.join("|")
    calls = pl.read_parquet(path).filter("judged")
    calls = calls.with_columns(repeat=pl.col("number") > pl.col("number").min().over(LOOKUP))
    return calls.group_by("function", "caller", params.alias("asked")).agg(
        calls=pl.len().cast(pl.Int64), repeats=pl.col("repeat").sum().cast(pl.Int64)
    )


before, after = (count_signatures(path) for path in sys.argv[1:3])
signature = ["function", "caller", "asked"]
both = before.join(after, on=signature, how="full", coalesce=True, nulls_equal=True, suffix="_after").fill_null(0)
change = pl.col("repeats_after") - pl.col("repeats")
changed = both.with_columns(more_repeats=change).filter(change != 0)
columns = ["function", "caller", "calls", "calls_after", "repeats", "repeats_after", "more_repeats"]
print_rows(changed.sort(change.abs(), *signature, descending=[True, False, False, False]).select(columns).head(8))
