"""Calls -> sections of the report, one section a file."""
