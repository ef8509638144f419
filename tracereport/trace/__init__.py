"""Bytes -> calls: reads logs of trace lines into the calls table."""
