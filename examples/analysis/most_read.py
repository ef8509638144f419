"""Which table is read most in each test? ``python most_read.py calls.parquet``.

The tables of the traced system are its partitions: the part before the ``/`` of the parameter ``id``.
"""

import sys

import polars as pl
from calls import print_rows, read_param

calls = pl.read_parquet(sys.argv[1]).filter(pl.col("function") == "query_records")
partition = read_param("id").str.extract(r"([0-9a-f]{12})/")
per_table = calls.group_by("test", partition.alias("partition")).agg(reads=pl.len())
per_test = per_table.sort("reads", "partition", descending=[True, False]).group_by("test", maintain_order=True)
most_read = per_test.agg(pl.col("partition", "reads").first(), of_all_reads=pl.col("reads").sum(), partitions=pl.len())
print_rows(most_read.sort("reads", "test", descending=[True, False]).head(8))
