"""The words of each hook that has its own: its file is named as ``via=`` is, ``_`` for ``-``, and holds ``Words``.

What several share stands in the files that begin with ``_``.
"""
