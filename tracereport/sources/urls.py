"""What names an object of a store, or what a web server gives: by the name alone, before anything is asked."""

import re
from typing import Final

STORES: Final = ("s3", "gs", "az")
"""Schemes of stores: they can be listed and written to."""
SCHEMES: Final = (*STORES, "https", "http")


def is_url(name: str) -> bool:
    """Whether an input or a place for parts is named by a URL."""
    scheme, mark, _ = name.partition("://")
    return bool(mark) and scheme in SCHEMES


def without_secrets(url: str) -> str:
    """A URL as documents and errors can hold it: without a password, and without a signature or what else is asked."""
    scheme, _, rest = url.partition("://")
    if scheme in STORES:
        return url
    host, slash, path = re.split("[?#]", rest, maxsplit=1)[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
