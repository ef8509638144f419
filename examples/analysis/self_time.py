"""Where does the time go, called functions apart? ``python self_time.py calls.parquet`` asks it in SQL, of DuckDB."""

import sys

import duckdb

QUERY = """
WITH inside AS (
    SELECT process, parent AS number, sum(elapsed_ns) AS elapsed_ns
    FROM calls WHERE parent IS NOT NULL
    GROUP BY process, parent
)
SELECT
    calls.function,
    count(*) AS calls,
    sum(calls.elapsed_ns) // 1000000 AS total_ms,
    (sum(calls.elapsed_ns) - sum(coalesce(inside.elapsed_ns, 0))) // 1000000 AS self_ms
FROM calls LEFT JOIN inside USING (process, number)
GROUP BY calls.function
ORDER BY self_ms DESC, calls.function
"""

calls = duckdb.read_parquet(sys.argv[1])
rows = duckdb.sql(QUERY)
print(",".join(rows.columns))
for row in rows.fetchall():
    print(*row, sep=",")
