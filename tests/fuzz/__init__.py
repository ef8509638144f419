"""Fuzzers that know the structure of what they break: logs, tables, baselines, configurations and gates.

``python -m tests.fuzz --seconds 60`` runs all of them for a minute, ``python -m tests.fuzz logs --executions 1000000``
one of them for long. What breaks something is written to a folder, and then belongs into ``found``, where it is a test.
"""
