"""Plain text that fits a width: tables in columns, wrapped sentences, and the one loud colour."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from tracereport.wording.units import display_width, elide_fields, elide_middle, pad_left, pad_right

_GAP = "  "
_SHORTEST_CODE = 20
_BOLD = "\x1b[1m"
_VERMILION = "\x1b[38;5;166m"
_RESET = "\x1b[0m"


class TextColumn(msgspec.Struct, frozen=True):
    """One column of a table.

    Attributes:
        title: its heading.
        cells: its values, top down.
        align: numbers stand right, names left.
        code: what stands in code or log: names, values, call numbers. Elided where the table would be too wide.
        spare: the first to go where the table is too wide.
        loud: in the one loud colour, which means *asked again for an unchanged answer*.
    """

    title: str
    cells: Sequence[str]
    align: Literal["left", "right"] = "right"
    code: bool = False
    loud: bool = False
    spare: bool = False

    def width(self) -> int:
        """Columns of a terminal that its widest value takes."""
        return max(map(display_width, (self.title, *self.cells)))


class Canvas(msgspec.Struct, frozen=True):
    """How wide a text may be, and whether it may be coloured."""

    width: int
    colour: bool

    def loud(self, text: str) -> str:
        """The text in the one loud colour, if colour is asked for."""
        return f"{_VERMILION}{text}{_RESET}" if self.colour and text.strip(" -0") else text

    def bold(self, text: str) -> str:
        """The text in bold, if colour is asked for."""
        return f"{_BOLD}{text}{_RESET}" if self.colour else text

    def wrap(self, text: str, indent: str = "", hanging: str | None = None) -> list[str]:
        """The text in lines of at most the width, each behind ``indent``, the later ones behind ``hanging``.

        A word that is wider than a line is elided in its middle.
        """
        later = indent if hanging is None else hanging
        lines: list[str] = []
        line, taken = "", 0
        room, later_room = self.width - display_width(indent), self.width - display_width(later)
        for whole_word in text.split(" "):
            word = elide_middle(whole_word, later_room)
            width = display_width(word)
            if line and taken + 1 + width > room:
                lines.append(line)
                line, taken, room = word, width, later_room
            else:
                line, taken = (f"{line} {word}", taken + 1 + width) if line else (word, width)
        return [(indent if index == 0 else later) + line for index, line in enumerate([*lines, line])]

    def set_right(self, lines: Sequence[str], remark: str) -> list[str]:
        """The lines with a remark at the right end of the last one, or under it where there is no room."""
        *before, last = lines
        room = self.width - display_width(last)
        if room < len(_GAP) + display_width(remark):
            return [*lines, pad_left(remark, self.width)]
        return [*before, last + pad_left(remark, room)]

    def table(self, columns: Sequence[TextColumn], indent: str = "  ") -> list[str]:
        """The columns side by side under their titles.

        Where they don't fit, the spare columns are left out. Then the last columns of figures are, but for the first
        two columns, until those of code keep a useful width; then these are elided, the widest first.
        """
        if not columns[0].cells:
            return []
        kept = list(columns)
        if self._overflow(kept, indent, [column.width() for column in kept]) > 0:
            kept = [column for column in kept if not column.spare]
        while self._overflow(kept, indent, [min(column.width(), _shortest(column)) for column in kept]) > 0:
            droppable = [column for column in kept[2:] if not column.code]
            if not droppable:
                break
            kept.remove(droppable[-1])
        widths = self._fitting_widths(kept, indent)
        laid_out = [self._lay_out(column, width) for column, width in zip(kept, widths, strict=True)]
        return [(indent + _GAP.join(cells)).rstrip() for cells in zip(*laid_out, strict=True)]

    def _overflow(self, columns: Sequence[TextColumn], indent: str, widths: Sequence[int]) -> int:
        """By how much columns of these widths are too wide."""
        return display_width(indent) + sum(widths) + len(_GAP) * (len(columns) - 1) - self.width

    def _fitting_widths(self, columns: Sequence[TextColumn], indent: str) -> list[int]:
        """The columns' own widths, those of code made narrower until all fit."""
        widths = [min(column.width(), self.width) if column.code else column.width() for column in columns]
        elidable = [index for index, column in enumerate(columns) if column.code]
        while elidable and self._overflow(columns, indent, widths) > 0:
            widest = max(elidable, key=widths.__getitem__)
            if widths[widest] == 1:
                break
            widths[widest] -= 1
        return widths

    def _lay_out(self, column: TextColumn, width: int) -> list[str]:
        """Title and cells of a column, all of one width."""
        pad = pad_right if column.align == "left" else pad_left
        title, *cells = [pad(elide_fields(text, width), width) for text in (column.title, *column.cells)]
        return [title, *(self.loud(cell) if column.loud else cell for cell in cells)]


def _shortest(column: TextColumn) -> int:
    """The width below which other columns are left out in favour of this one."""
    return _SHORTEST_CODE if column.code else column.width()
