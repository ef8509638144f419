"""Objects in stores, by URL: ``s3://BUCKET/KEY``, ``gs://BUCKET/KEY``, ``az://CONTAINER/KEY``, ``https://HOST/PATH``.

Who asks, and where a store is that isn't its vendor's own, say the environment variables that obstore knows
(``AWS_ENDPOINT_URL``, ``GOOGLE_APPLICATION_CREDENTIALS``, ``AZURE_STORAGE_ACCOUNT_NAME`` and so on).

obstore is an extra, and loaded where a URL is met.
"""

from __future__ import annotations

import glob
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tracereport.errors import InputError, UsageError
from tracereport.sources.object_errors import store_errors
from tracereport.sources.urls import STORES, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from obstore import ObjectMeta
    from obstore.store import ObjectStore

CONNECT_SECONDS: Final = 10
READ_SECONDS: Final = 30
"""So long a server may send nothing."""
_WHOLE_DAYS: Final = 7
"""No request is given up for being long: only for sending nothing."""
_RETRIES: Final = 2
_PAGE: Final = 1000
_AT_ONCE: Final = 16
"""Objects that are asked about at one time."""
_WILD: Final = re.compile(r"(?P<deep>(?:(?<=/)|\A)\*\*(?:/|\Z))|(?P<star>\*+)|(?P<one>\?)|\[(?P<set>!?\]?[^]]*)\]")


class ObjectState(NamedTuple):
    """What tells an object from a later one of the same name."""

    size: int
    version: str
    """Its entity tag; of a store that gives none, when it was changed last."""


def list_objects(pattern: str) -> list[str]:
    """The objects that a URL names: itself, or what its wildcards match; sorted.

    As in a shell a star stays within a folder and ``**`` stands for any folders.

    Raises:
        InputError: nothing matches, or the store refuses.
        UsageError: it names a folder, or obstore isn't installed.
    """
    scheme, _, rest = pattern.partition("://")
    if scheme not in STORES:
        return [pattern]
    bucket, _, wanted = rest.partition("/")
    if not wanted or wanted.endswith("/"):
        raise UsageError(
            f"{pattern}: is a bucket or a folder, not an object", f"Name the logs in it: '{pattern.rstrip('/')}/*.log'"
        )
    if not glob.has_magic(pattern):
        return [pattern]
    expression = re.compile(_translate(wanted), re.DOTALL)
    folder = re.split(r"[*?[]", wanted, maxsplit=1)[0].rpartition("/")[0]
    is_flat = "/" not in wanted.removeprefix(f"{folder}/") and "**" not in wanted
    keys = list_keys(f"{scheme}://{bucket}/{folder}", is_flat=is_flat)
    found = [wanted] if wanted in keys else sorted(key for key in keys if expression.fullmatch(key))
    if not found:
        raise InputError(f"{pattern}: no object matches", "Check the pattern: tracereport lists the bucket itself.")
    return [f"{scheme}://{bucket}/{key}" for key in found]


def list_keys(url: str, *, is_flat: bool) -> list[str]:
    """The keys of the objects in a bucket, or in a folder of it, but for empty ones: some of these stand for folders.

    Args:
        url: of the folder.
        is_flat: whether those in its own folders are left out.

    Raises:
        InputError: the store refuses.
    """
    store, folder = connect(url)
    import obstore  # noqa: PLC0415

    with store_errors(url):
        pages: Iterable[Sequence[ObjectMeta]] = (
            [obstore.list_with_delimiter(store, folder or None)["objects"]]
            if is_flat
            else obstore.list(store, folder or None, chunk_size=_PAGE)
        )
        return [entry["path"] for page in pages for entry in page if entry["size"]]


def describe_objects(urls: Sequence[str]) -> list[ObjectState]:
    """What each object is now.

    Raises:
        InputError: one is missing, or its store refuses.
        UsageError: obstore isn't installed.
    """
    if not urls:
        return []
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # few runs ask a store

    with ThreadPoolExecutor(min(_AT_ONCE, len(urls))) as threads:
        return list(threads.map(_describe, urls))


def read_object(url: str) -> bytes:
    """All of a small object.

    Raises:
        InputError: it is missing, or can't be read to its end.
    """
    store, path = connect(url)
    import obstore  # noqa: PLC0415

    with store_errors(url):
        return bytes(obstore.get(store, path).bytes())


def write_object(url: str, content: bytes) -> None:
    """Puts an object there: all of it, or nothing.

    Raises:
        InputError: the store refuses.
    """
    store, path = connect(url)
    import obstore  # noqa: PLC0415

    with store_errors(url):
        obstore.put(store, path, content)


def connect(url: str) -> tuple[ObjectStore, str]:
    """The store of an object, and the object's path in it."""
    from datetime import timedelta  # noqa: PLC0415

    try:
        from obstore.store import from_url  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            f"{without_secrets(url)}: object stores need the package obstore",
            "Install it: pip install 'tracereport[cloud]'",
        ) from error
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    is_store = scheme in STORES
    with store_errors(without_secrets(url)):
        store = from_url(
            f"{scheme}://{bucket}" if is_store else url,
            client_options={
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "read_timeout": timedelta(seconds=READ_SECONDS),
                "timeout": timedelta(days=_WHOLE_DAYS),
                "allow_http": scheme != "https",  # of a store the endpoint says whether it is encrypted
            },
            retry_config={"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=READ_SECONDS)},
        )
    return store, key if is_store else ""


def _describe(url: str) -> ObjectState:
    store, path = connect(url)
    import obstore  # noqa: PLC0415
    from obstore.exceptions import PermissionDeniedError  # noqa: PLC0415

    with store_errors(without_secrets(url)):
        try:
            # A URL that is signed in advance allows one method; and why an object isn't to be had no HEAD tells.
            meta = obstore.head(store, path) if path else obstore.get(store, path).meta
        except (FileNotFoundError, PermissionDeniedError):
            meta = obstore.get(store, path).meta
    return ObjectState(meta["size"], meta["e_tag"] or meta["last_modified"].isoformat())


def _translate(pattern: str) -> str:
    """A pattern of keys as a regular expression."""
    pieces, end = [], 0
    for found in _WILD.finditer(pattern):
        pieces.append(re.escape(pattern[end : found.start()]))
        end = found.end()
        if found["deep"] is not None:
            pieces.append("(?:.*/)?" if found["deep"].endswith("/") else ".*")
        elif found["set"] is not None:
            negated = found["set"].startswith("!")
            pieces.append(f"[{'^' * negated}{re.escape(found['set'][negated:]).replace(chr(92) + '-', '-')}]")
        else:
            pieces.append("[^/]*" if found["star"] else "[^/]")
    return "".join([*pieces, re.escape(pattern[end:])])
