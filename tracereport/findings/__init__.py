"""Repeats, fan-outs and slow calls -> ranked findings, one kind a file or folder, and the verdict."""
