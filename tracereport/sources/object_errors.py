"""What a store's refusal means, and what to do: its own words are a page long, and may hold credentials."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tracereport.errors import InputError

_CODE: Final = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_STATUS: Final = re.compile(r"status code: (\d{3}(?: [A-Za-z]+){0,4})")
_CAUSE: Final = re.compile(r"HTTP error: ([^\n:?]{1,80})")
_QUERY: Final = re.compile(r"\?\S*")
_NO_CREDENTIALS: Final = ("169.254.169.254", "Missing AccessKeyId", "Missing SecretAccessKey", "must be specified")
"""The address is what is asked for credentials where nothing else tells any."""
_NO_BUCKET: Final = ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist")
_DENIED: Final = ("PermissionDenied", "Unauthenticated", " 401 ", " 403 ")
_BROKEN: Final = ("IncompleteBody", "kind: Interrupted", "kind: Body", "RangeNotSupported")
"""The last: obstore has asked for what is missing, of a server that doesn't know ranges."""
_LONGEST_REASON: Final = 160


class ChangedObjectError(InputError):
    """The object isn't any longer what it was when reading it began."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url}: it was changed while it was read", "Read it again when nobody writes it.")


def describe_failure(error: BaseException, url: str) -> tuple[str, str]:
    """What is wrong, naming the object, and what to do about it.

    Args:
        error: as obstore raised it.
        url: of the object or store, without what is secret.
    """
    said = f"{type(error).__name__} {error}"
    scheme, _, rest = url.partition("://")
    if any(sign in said for sign in _NO_CREDENTIALS):
        return f"{url}: no credentials for this store are set", _name_credentials(scheme)
    if any(sign in said for sign in _NO_BUCKET):
        kind = "container" if scheme == "az" else "bucket"
        where = ", and the region: AWS_REGION" if scheme == "s3" else ""
        return f"{url}: there is no {kind} {rest.partition('/')[0]}", f"Check its name{where}."
    if isinstance(error, FileNotFoundError) or " 404 " in said:
        return f"{url}: no such object", "Check its name, and that the bucket is there."
    if any(sign in said for sign in _DENIED):
        code = _CODE.search(said)
        return f"{url}: access is denied{f' ({code[1]})' if code else ''}", _name_credentials(scheme)
    if "NotSupported" in said and "ange" in said:
        return f"{url}: the server doesn't give an object from its middle on", "Download it, and give the file."
    return f"{url}: {describe_cause(error)}", "Check the address and the connection, and try again."


def describe_cause(error: BaseException) -> str:
    """Why a request failed, in a few words."""
    said = str(error)
    if "kind: Timeout" in said or "TimedOut" in said:
        return "the server took too long to answer"
    if (status := _STATUS.search(said)) is not None:
        return f"the server answers {status[1].strip()}"
    if any(sign in said for sign in _BROKEN):
        return "the connection broke"
    if "kind: Connect" in said or "error sending request" in said:
        return "the server can't be reached"
    cause = _CAUSE.search(said)
    return _QUERY.sub("", cause[1] if cause else said.partition("\n")[0])[:_LONGEST_REASON]


def _name_credentials(scheme: str) -> str:
    match scheme:
        case "s3":
            return "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SKIP_SIGNATURE=true for a public bucket."
        case "gs":
            return "Set GOOGLE_APPLICATION_CREDENTIALS, or GOOGLE_SKIP_SIGNATURE=true for a public bucket."
        case "az":
            return "Set AZURE_STORAGE_ACCOUNT_NAME, and AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN."
        case _:
            return "Give a URL that carries its permission, such as one that is signed in advance."


@contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Within it what obstore raises becomes an error in the user's words.

    Raises:
        InputError: a request failed.
        ChangedObjectError: the object isn't of the version that was asked for.
    """
    from obstore.exceptions import BaseError, PreconditionError  # noqa: PLC0415  # an extra

    try:
        yield
    except PreconditionError as error:
        raise ChangedObjectError(url) from error
    except (BaseError, OSError, ValueError) as error:
        raise InputError(*describe_failure(error, url)) from error
