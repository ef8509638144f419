"""The engine: whoever measures, and in whatever order, the report is the same."""
