"""Repeats -> findings *again* and *shared*: every repeat is in exactly one of them.

*again* promises what the caller's own kept answer would have served. What another asker's answer would have served has
to be handed on: the finding *shared* of its callers saves it.
"""
