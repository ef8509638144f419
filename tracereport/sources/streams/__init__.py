"""Inputs -> their bytes: unpacked, in UTF-8, in chunks of whole lines.

Compression and encoding are told by content, not by name. A source that breaks off gives what could be read, and then
says what is wrong with it.
"""
