"""How long is an answer needed? ``python lookup_lifetimes.py calls.parquet``.

From the first call of a lookup to its last, in calls of the same process: what a cache would have to outlive, and where
a local variable would do.
"""

import sys

import polars as pl
from calls import LOOKUP, print_rows

calls = pl.read_parquet(sys.argv[1]).filter("judged")
lookups = calls.group_by(LOOKUP).agg(calls=pl.len(), first=pl.col("number").min(), last=pl.col("number").max())
again = lookups.filter(pl.col("calls") > 1).with_columns(lifetime=pl.col("last") - pl.col("first"))
lifetimes = again.group_by("function").agg(
    lookups_asked_again=pl.len(),
    shortest=pl.col("lifetime").min(),
    median=pl.col("lifetime").quantile(0.5, "lower").cast(pl.UInt64),
    longest=pl.col("lifetime").max(),
)
print_rows(lifetimes.sort("median", "function"))
