"""Repeats, fan-outs and slow calls -> ranked findings, one kind a file, and the verdict."""
