"""Places in the source, as links: to an editor on this machine, or to a repository."""

import re
from typing import NamedTuple
from urllib.parse import quote

from tracereport.errors import UsageError

EDITORS = {
    "vscode": "vscode://file{file}:{line}",
    "cursor": "cursor://file{file}:{line}",
    "zed": "zed://file{file}:{line}",
    "idea": "idea://open?file={file}&line={line}",
}
"""What each editor opens a place by, where it is told how: ``{file}`` is the whole path."""


class Place(NamedTuple):
    """A place in the source.

    Attributes:
        path: as it was traced, most often from the folder that the program ran in.
        line: from 1 on.
    """

    path: str
    line: int


class Excerpt(NamedTuple):
    """Lines of source around a place.

    Attributes:
        first: the number of the first one.
        lines: without their ends.
        line: the number of the one that is meant.
    """

    first: int
    lines: tuple[str, ...]
    line: int

    def numbered(self) -> list[tuple[int, str, bool]]:
        """Each line with its number, and whether it is the one that is meant."""
        return [(number, line, number == self.line) for number, line in enumerate(self.lines, start=self.first)]


def parse_place(at: str) -> Place | None:
    """The place that ``path:line`` names; null if it names none."""
    path, _, line = at.rpartition(":")
    return Place(path, int(line)) if path and line.isascii() and line.isdigit() and 0 < len(line) < 10 else None  # noqa: PLR2004


class PlaceLinks(NamedTuple):
    """How the address of a place is made.

    Attributes:
        template: with ``{path}`` or ``{file}``, and ``{line}``; empty where places are no links.
        root: the folder of the repository, from which on ``{path}`` is given.
        folder: what ``{file}`` puts before a path that isn't whole.
    """

    template: str = ""
    root: str = ""
    folder: str = ""

    def address_of(self, at: str) -> str:
        """The address of ``path:line``, every character of the log in it quoted; empty where there is none."""
        place = parse_place(at)
        if not self.template or place is None:
            return ""
        path = place.path.replace("\\", "/").removeprefix("./")
        file = path if path.startswith("/") else f"{self.folder}/{path}"
        parts = {
            "{path}": _quote(path.removeprefix(f"{self.root}/")),
            "{file}": _quote(file),
            "{line}": str(place.line),
        }
        return re.sub(r"\{(?:path|file|line)\}", lambda part: parts[part[0]], self.template)


def _quote(path: str) -> str:
    return quote(path, safe="/", errors="replace")


def choose_links(source_url: str | None, editor: str | None, root: str, folder: str) -> PlaceLinks:
    """How places are linked as the options say; an editor goes before a repository.

    Raises:
        UsageError: the editor isn't known, or the address names no place.
    """
    if editor is not None:
        if editor not in EDITORS:
            raise UsageError(f"--editor {editor}: unknown editor", f"Name one of {', '.join(EDITORS)}.")
        return PlaceLinks(EDITORS[editor], root, folder)
    if source_url is None:
        return PlaceLinks(root=root, folder=folder)
    if not source_url.startswith(("https://", "http://")) or "{path}" not in source_url:
        raise UsageError(
            f"--source-url {source_url}: not an address of a place",
            "As in: https://HOST/OWNER/NAME/blob/SHA/{path}#L{line}",
        )
    return PlaceLinks(source_url, root, folder)
