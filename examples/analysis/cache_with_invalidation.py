"""What would a cache save that forgets what was written? ``python cache_with_invalidation.py calls.parquet``.

A write isn't traced, but it shows: the same question to ``query_records`` has another answer than before. From then on
everything that was cached about that node is forgotten. What is written and not read again can't be seen, so hits are
an upper bound; a hit inside another hit isn't counted again in the time saved.
"""

import sys

import polars as pl
from calls import LOOKUP, print_rows, read_param, read_results

calls = pl.read_parquet(sys.argv[1]).filter("judged").sort("process", "number")
asked_before = pl.col("number").shift().over(LOOKUP)
answer_before = read_results().shift().over(LOOKUP)
is_written = asked_before.is_not_null() & (read_results().list.len() > 0) & (read_results() != answer_before)
writes = is_written.cum_sum().over("process", read_param("id"))
calls = calls.with_columns(again=asked_before.is_not_null(), writes=writes)
is_hit = pl.col("again") & (pl.col("writes") == pl.col("writes").shift().over(LOOKUP)) & read_param("id").is_not_null()
calls = calls.with_columns(hit=is_hit.fill_null(value=False))

# A call inside a hit isn't made at all: carried down the tree, one level in each step.
keys = calls.select("process", "number", covered="hit")
calls = calls.with_columns(covered=pl.lit(value=False))
while True:
    above = calls.select("process", pl.col("number").alias("parent"), above=pl.col("hit") | pl.col("covered"))
    step = calls.join(above, on=["process", "parent"], how="left", maintain_order="left")
    step = step.with_columns(covered=pl.col("above").fill_null(value=False)).drop("above")
    if step["covered"].equals(calls["covered"]):
        break
    calls = step

saved = pl.col("elapsed_ns").filter(pl.col("hit") & ~pl.col("covered"))
by_function = calls.group_by("function").agg(
    calls=pl.len(),
    asked_again=pl.col("again").sum(),
    hits=pl.col("hit").sum(),
    saved_ms=saved.sum() // 1_000_000,
)
print_rows(by_function.sort("saved_ms", "hits", "function", descending=[True, True, False]))
