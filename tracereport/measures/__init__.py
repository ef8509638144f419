"""Calls -> sections of the report, one section a file: measured on whole processes, merged, finished once."""
