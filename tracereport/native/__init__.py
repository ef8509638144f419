"""The hot loops, in C: bytes to columns, grouping and ordering by integer keys, interned texts, stack distances.

NumPy arrays go in, NumPy arrays come out, one function a job; ``loader.py`` loads the library that the package's build
made from the C sources beside it. What a reader of the documents might want to change (which line is odd, what a marker
is, what counts as evidence) is decided in Python.
"""
