"""The calls of one segment in columns, how they are ordered, grouped and selected, and their Parquet form."""
