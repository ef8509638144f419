"""Short, distinct labels for the names of a page: what charts, tables, filters and links call a function by."""

from itertools import islice

from tracereport.wording.units import EMPTY, elide_middle, format_caller


class Labels:
    """Gives each name one label: readable, at most ``width`` columns, and no other name's.

    Labels depend on nothing but the names and the order in which they are first asked for. ``None`` is the caller of a
    record that has none, and differs from a caller that happens to be called like its label.
    """

    def __init__(self, width: int = 44) -> None:
        self._width = width
        self._label_of: dict[str | None, str] = {}
        self._taken: set[str] = set()

    def __call__(self, name: str | None) -> str:
        """The label of a name."""
        known = self._label_of.get(name)
        if known is None:
            known = self._label_of[name] = self._find_free(elide_middle(format_caller(name) or EMPTY, self._width))
            self._taken.add(known)
        return known

    def cut(self, most: int, width: int) -> dict[str, str]:
        """The first names that their labels don't show in full, by label, each in at most ``width`` columns."""
        names = ((label, format_caller(name)) for name, label in self._label_of.items())
        cut = ((label, elide_middle(name, width)) for label, name in names if name and name != label)
        return dict(islice(cut, most))

    def _find_free(self, label: str) -> str:
        candidate, copies = label, 1
        while candidate in self._taken:
            copies += 1
            candidate = f"{label} ({copies})"
        return candidate
