"""A blog in Django on PostgreSQL, tested by ``pytest --ds=blog.settings -p pytest_django blog/pages.py``.

Planted: an N+1 of eight authors, one look-up made twice, and one made again behind a write, which is right.
"""
