"""What ``--fail-on`` understands: three words, or ``figure ["(" name ")"] op limit``.

``limit`` is a number, or ``baseline`` with an optional ``+`` or ``-`` and a number or percentage. A name stands bare or
in double quotes, in which a backslash makes the next character stand for itself. Nothing is evaluated: an expression
becomes a ``Condition``, and what can't be read is an error that names the column.
"""

import difflib
import operator
import re
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Literal, NoReturn, get_args

import msgspec

from tracereport.errors import UsageError
from tracereport.model import FindingKind, Totals

Word = Literal["new-findings", "worse", "quality"]
WORDS: tuple[Word, ...] = get_args(Word)
WORDS_ABOUT_CHANGE = frozenset({"new-findings", "worse"})

TOTAL_FIGURES = Totals.__struct_fields__
STABLE_FUNCTION_FIGURES = MappingProxyType(
    {
        "calls": ("calls",),
        "redundant_calls": ("again", "shared"),
        "again_calls": ("again",),
        "shared_calls": ("shared",),
    }
)
"""What each adds up of the counts that a comparison keeps."""
TIME_FUNCTION_FIGURES = MappingProxyType(
    {
        "p50_ms": "p50_elapsed_ns",
        "p90_ms": "p90_elapsed_ns",
        "p99_ms": "p99_elapsed_ns",
        "max_ms": "max_elapsed_ns",
        "mean_ms": "mean_elapsed_ns",
        "total_ms": "total_elapsed_ns",
    }
)
FUNCTION_FIGURES = (*STABLE_FUNCTION_FIGURES, *TIME_FUNCTION_FIGURES)
FINDINGS = "findings"
KINDS: tuple[FindingKind, ...] = get_args(FindingKind)

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}

_SPACE = re.compile(r"\s*")
_FIGURE = re.compile(r"[A-Za-z_]\w*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BARE = re.compile(r'[^"()]*[^"()\s]')
_OPERATOR = re.compile("|".join(OPERATORS))
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_BASELINE = re.compile(r"baseline\b")
_SIGN = re.compile(r"[+-]")
_PERCENT = re.compile(r"%")
_END = re.compile(r"$")

REMEDY = (
    "Write one of new-findings, worse, quality, or FIGURE OP LIMIT such as 'redundant_rate > 0.2', "
    "'calls(query_records) > baseline + 10', 'p99_ms(load_node) > 50'."
)


class Limit(msgspec.Struct, frozen=True):
    """A number, or one relative to the same figure of the baseline."""

    number: float
    """The limit itself, or what is added to the baseline's figure: a number, or a share of that figure."""
    relative: bool = False
    percent: bool = False

    def of(self, baseline: float) -> float:
        """The limit, where the baseline's figure is this."""
        if not self.relative:
            return self.number
        return baseline + (baseline * self.number / 100 if self.percent else self.number)


class Condition(msgspec.Struct, frozen=True):
    """What fails the run if it holds."""

    expression: str
    figure: str
    name: str | None
    """A function, or a kind of finding; null for a total."""
    name_column: int
    holds: Callable[[float, float], bool]
    limit: Limit


class _Scanner(msgspec.Struct):
    """Where reading stands in an expression."""

    expression: str
    position: int = 0

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What the pattern matches after any space, if it does."""
        space = _SPACE.match(self.expression, self.position)
        self.position = space.end() if space else self.position
        match = pattern.match(self.expression, self.position)
        if match is not None:
            self.position = match.end()
        return match

    def require(self, pattern: re.Pattern[str], expected: str) -> re.Match[str]:
        """What the pattern matches, or the error that it was expected here."""
        match = self.take(pattern)
        if match is None:
            refuse(self.expression, self.position + 1, f"expected {expected}")
        return match


def refuse(expression: str, column: int, problem: str, remedy: str = REMEDY) -> NoReturn:
    """Raises the error that says where in an expression what is wrong.

    Raises:
        UsageError: always.
    """
    raise UsageError(f"--fail-on '{expression}', column {column}: {problem}.", remedy)


def parse_gate(expression: str) -> Word | Condition:
    """One of the three words, or a condition; its names of functions aren't checked here.

    Raises:
        UsageError: it can't be read, or names a figure or kind of finding that isn't there.
    """
    for word in WORDS:
        if expression.strip() == word:
            return word
    scanner = _Scanner(expression)
    figure = scanner.require(_FIGURE, "a figure").group()
    figure_column = scanner.position - len(figure) + 1
    name, name_column = _parse_name(scanner)
    _require_figure(expression, figure, figure_column, name, name_column)
    holds = OPERATORS[scanner.require(_OPERATOR, f"one of {' '.join(OPERATORS)}").group()]
    limit = _parse_limit(scanner)
    scanner.require(_END, "nothing more")
    return Condition(expression, figure, name, name_column, holds, limit)


def needs_baseline(gate: Word | Condition) -> bool:
    """Whether a gate can be judged only against a baseline."""
    return gate.limit.relative if isinstance(gate, Condition) else gate in WORDS_ABOUT_CHANGE


def nearest(word: str, words: Sequence[str]) -> str:
    """`` (did you mean X?)``, or nothing where no word is near."""
    near = difflib.get_close_matches(word, words, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _parse_name(scanner: _Scanner) -> tuple[str | None, int]:
    """The name in parentheses, if there is one, and its column."""
    if scanner.take(re.compile(r"\(")) is None:
        return None, 0
    quoted = scanner.take(_QUOTED)
    if quoted is not None:
        name, column = re.sub(r"\\(.)", r"\1", quoted.group(1)), quoted.start() + 1
    else:
        bare = scanner.require(_BARE, "a name")
        name, column = bare.group(), bare.start() + 1
    scanner.require(re.compile(r"\)"), ")")
    return name, column


def _parse_limit(scanner: _Scanner) -> Limit:
    if scanner.take(_BASELINE) is None:
        return Limit(float(scanner.require(_NUMBER, "a number or baseline").group()))
    sign = scanner.take(_SIGN)
    if sign is None:
        return Limit(0, relative=True)
    number = float(sign.group() + scanner.require(_NUMBER, "a number or a percentage").group())
    return Limit(number, relative=True, percent=scanner.take(_PERCENT) is not None)


def _require_figure(expression: str, figure: str, column: int, name: str | None, name_column: int) -> None:
    """Raises an error unless there is such a figure, with or without a name."""
    if figure == FINDINGS:
        if name not in KINDS:
            problem = (
                f"{FINDINGS} needs a kind" if name is None else f"{name} is not a kind of finding{nearest(name, KINDS)}"
            )
            refuse(expression, name_column or column, problem, f"Kinds of findings are {', '.join(KINDS)}.")
        return
    known, other = (TOTAL_FIGURES, FUNCTION_FIGURES) if name is None else (FUNCTION_FIGURES, TOTAL_FIGURES)
    if figure in known:
        return
    if figure in other:
        problem = (
            f"{figure} needs a function: {figure}(NAME)" if name is None else f"{figure} is of the whole report only"
        )
    else:
        near = nearest(expression.lower(), WORDS) or nearest(figure, (*TOTAL_FIGURES, *FUNCTION_FIGURES, FINDINGS))
        problem = f"{figure} is not a figure{near}"
    what = "the whole report" if name is None else "a function"
    refuse(expression, column, problem, f"Figures of {what} are {', '.join(known)}.")
