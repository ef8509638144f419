"""Checks a log against the rules for emitters, which are stricter than what the reader accepts.

A log only exercises the rules that its calls happened to need. The others are reported as untried, not as kept.
"""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from tracereport.sources.perf_trace.grammar import (
    ELAPSED_FIELD,
    FLAG_FIELDS,
    MARK,
    MAXIMUM,
    METRIC_MAXIMUM,
    NUMBER_FIELDS,
    PHASE_FIELD,
    PHASE_VALUES,
    TEXT_FIELDS,
    UNIT_NS,
)

SHOWN_BREACHES: Final = 3
"""Of a rule; the others are counted."""
_MISSING_LIMIT: Final = 1000
"""How many numbers of a gap are counted."""
_RECORD: Final = re.compile(rf"{re.escape(MARK)}(?P<number>0|[1-9][0-9]{{0,39}})\|(?P<body>.*)", re.DOTALL)
_ELAPSED_NAMES: Final = frozenset(f"elapsed_{unit}" for unit in UNIT_NS)
_RESERVED: Final = frozenset({*TEXT_FIELDS, *NUMBER_FIELDS, *FLAG_FIELDS, PHASE_FIELD})
_BAD_ESCAPE: Final = re.compile(r"\\(?!x7c|x0a|x5c)")
_PLACE: Final = re.compile(r".+:[1-9][0-9]*")
_MOST_DIGITS: Final = 40
_UNSIGNED: Final = re.compile(rf"[0-9]{{1,{_MOST_DIGITS}}}")
_LIKE_A_TIME: Final = re.compile(r"\|((?:elapsed|duration|took|time)\w*=[^|]*)")
_ABSOLUTE: Final = re.compile(r"/|[A-Za-z]:[\\/]|.*\\")
_ADDRESS: Final = re.compile(r"\bat 0x[0-9a-f]{4,}|\b0xc000[0-9a-f]{6}\b|\b[A-Za-z_$][\w.$]*@[0-9a-f]{5,8}\b(?!\.)")
"""How Python, Go and Java print objects without a text of their own."""
_PLACED: Final = frozenset({*NUMBER_FIELDS, *FLAG_FIELDS, PHASE_FIELD, "at"})
"""Reserved fields whose values no parameter has by chance."""
_FEWEST_CALLERS: Final = 2
_NUMBERS_ALLOWED: Final = {"parent": "it must be a call's number, or none", "try": "it must be a number from 1 on"}

PROMISES: Final = {
    "lines": "each call is one whole line of UTF-8, with one elapsed time",
    "fields": "name=value before the time, name=<unsigned 64-bit number> after it, and no reserved names",
    "numbers": "the calls of a process are numbered from 0, without gaps or repeats",
    "order": "a call gets its number when it starts and its line when it ends, so children come before their parent",
    "callers": "a call names its caller, which is itself only if it is recursive",
    "values": "parameters say what the answer depends on, and aren't addresses, which differ in each run",
    "parents": "each call names its parent, or none; the parent is a call of the log that lasts longer",
    "processes": "every line names its process, or none does",
    "escapes": "texts have \\x7c for | and \\x0a for a newline; such a line has escaped=1, and \\x5c for \\",
    "reserved": "reserved fields come after the time, each at most once, with a valid value",
    "answers": "calls record their result, so that repeats can be judged",
    "units": "times are in microseconds or finer",
}
"""Each rule by its name."""


class Verdict(msgspec.Struct, frozen=True):
    """What a log says of one rule."""

    rule: str
    promise: str
    breaches: tuple[tuple[int, str], ...]
    """The line of each, counted from 1, and what is wrong with it."""
    is_tried: bool
    """Whether anything in the log could have broken it."""


class _Call(msgspec.Struct):
    line: int
    parent: int | None
    elapsed_ns: int
    resolution_ns: int
    function: str
    names_itself: bool


class EmitterCheck:
    """Takes every line of a log in turn, and then says which rules it keeps."""

    def __init__(self) -> None:
        self._breaches: dict[str, list[tuple[int, str]]] = {rule: [] for rule in PROMISES}
        self._tried: set[str] = set()
        self._processes: dict[str | None, dict[int, _Call]] = {}
        self.lines = 0
        self.calls = 0
        self._without_parent: list[int] = []
        self._is_broken_off = False
        self._named_callers = 0

    @property
    def processes(self) -> int:
        """How many there are."""
        return len(self._processes)

    def take(self, raw: bytes) -> None:
        """Reads the next line, with its line feed."""
        self.lines += 1
        if not raw.endswith(b"\n"):
            self._break("lines", "the log ends without a line feed")
        try:
            line = raw.decode().removesuffix("\n")
        except UnicodeDecodeError as error:
            self._break("lines", f"byte {error.start + 1} isn't UTF-8")
            return
        start = line.find(MARK)
        if start < 0:
            if self._is_broken_off:
                self._break("escapes", "a record goes on here: the newline in a text isn't escaped")
            return
        self._is_broken_off = False
        found = _RECORD.fullmatch(line, start)
        if found is None:
            self._break("lines", f"{MARK} without a call number and | after it")
            return
        self._take_record(int(found["number"]), found["body"])

    def _take_record(self, number: int, body: str) -> None:
        elapsed = [*ELAPSED_FIELD.finditer(body)]
        if not elapsed:
            self._is_broken_off = True
            self._break("lines", f"no elapsed_us=<number> field{_quote_time(body)}")
            return
        if MARK in f"{body}|" and len(elapsed) == 1:
            self._break(
                "lines", f"a text ends with {MARK[:-1]}: write elapsed_ms before elapsed_us, so that it isn't torn"
            )
        last = first = finest = elapsed[-1]
        for earlier in reversed(elapsed[:-1]):
            if earlier.end() == first.start():
                first = earlier
                finest = min(finest, earlier, key=lambda field: UNIT_NS[field[1]])
        unit, whole, decimals = finest[1], finest[2], finest[3] or ""
        if len(whole + decimals) > _MOST_DIGITS:
            self._break("lines", f"a time of {len(whole + decimals):,} digits")
            return
        before, behind = body[: first.start()].split("|"), body[last.end() :].split("|")[1:]
        self.calls += 1
        self._tried |= {"lines", "fields", "numbers"}
        fields = self._read_behind(behind)
        is_escaped = fields.get("escaped") == "1"
        names_itself = self._read_before(before, fields, is_escaped=is_escaped)
        if is_escaped:
            texts = [*before, *(fields.get(name, "") for name in TEXT_FIELDS)]
            for text in texts:
                if (bad := _BAD_ESCAPE.search(text)) is not None:
                    self._break(
                        "escapes", rf"{text[bad.start() : bad.start() + 4]!r} is no escape: \ is \x5c in such a line"
                    )
        self._tried |= {"escapes"} if is_escaped else set()
        if unit != "ms" or decimals:
            self._tried.add("units")
        elapsed_ns = int(whole + decimals) * UNIT_NS[unit] // 10 ** len(decimals)
        own = int(fields["parent"]) if _UNSIGNED.fullmatch(fields.get("parent", "")) is not None else None
        self._place(number, fields, _Call(self.lines, own, elapsed_ns, UNIT_NS[unit], before[0], names_itself))

    def _read_before(self, before: list[str], behind: dict[str, str], *, is_escaped: bool) -> bool:
        """Whether the call names its own function as its caller."""
        function, *params = before
        if not function or ("=" in function and not is_escaped and not params):
            self._break("fields", "no function after the number")
        caller = None
        for param in params:
            name, equals, value = param.partition("=")
            if not equals:
                self._break("escapes", f"{param[:40]!r} has no name: the | in a text isn't escaped")
            elif name in _ELAPSED_NAMES:
                self._break("fields", f"a parameter is called {name}: append an underscore")
            elif name == "caller" and caller is None:
                caller = value
            elif name in _PLACED and name not in behind and _say_wrong(name, value) is None:
                self._break("reserved", f"{name}={value[:40]} is before the time, where it counts as a parameter")
            else:
                self._tried.add("values")
                if (address := _ADDRESS.search(value)) is not None:
                    self._break("values", f"{name} contains the address {address[0]!r}: record an id instead")
        if caller not in (None, "unknown"):
            self._named_callers += 1
        return caller is not None and _bare_name(caller) == _bare_name(function)

    def _read_behind(self, behind: list[str]) -> dict[str, str]:
        """The reserved fields; all others are metrics."""
        fields: dict[str, str] = {}
        for field in behind:
            name, equals, value = field.partition("=")
            if name in _RESERVED and equals:
                self._tried.add("reserved")
                if name in fields:
                    self._break("reserved", f"{name} occurs twice")
                fields[name] = value
                if (wrong := _say_wrong(name, value)) is not None:
                    self._break("reserved", f"{name}={value[:40]} isn't a value of {name}: {wrong}")
                continue
            name, equals, value = field.rpartition("=")
            if not equals or not _UNSIGNED.fullmatch(value) or int(value) > METRIC_MAXIMUM:
                self._break("fields", f"the metric {field[:40]!r} isn't an unsigned 64-bit number")
            elif name in _ELAPSED_NAMES or name in _RESERVED:
                self._break("fields", f"a metric is called {name}: append an underscore")
            else:
                self._tried.add("answers")
        return fields

    def _place(self, number: int, fields: dict[str, str], call: _Call) -> None:
        if fields.get("failed") == "1" or fields.get("cached") == "1":
            self._tried.add("answers")
        parent = fields.get("parent")
        if parent is None:
            self._without_parent.append(self.lines)
        elif parent != "none":
            self._tried.add("parents")
        calls = self._processes.setdefault(fields.get("process"), {})
        if number > MAXIMUM:
            self._break("numbers", f"{number} is beyond 2^63 - 1")
        elif number in calls:
            self._break("numbers", f"{number} is already used in line {calls[number].line}")
        else:
            calls[number] = call

    def finish(self) -> tuple[Verdict, ...]:
        """What the whole log says of each rule."""
        names = set(self._processes)
        if names - {None}:
            self._tried.add("processes")
        if None in names and len(names) > 1:
            line = min(call.line for call in self._processes[None].values())
            self._breaches["processes"].append((line, "this line names none, and others do"))
        if "parents" in self._tried:
            self._breaches["parents"] += [
                (line, "no parent, and other lines have one") for line in self._without_parent
            ]
        for calls in self._processes.values():
            self._check_numbers(calls)
            self._check_parents(calls)
        self._check_callers()
        return tuple(
            Verdict(
                rule, promise, tuple(sorted(self._breaches[rule])), rule in self._tried or bool(self._breaches[rule])
            )
            for rule, promise in PROMISES.items()
        )

    def _check_numbers(self, calls: dict[int, _Call]) -> None:
        missing = [*_find_missing(calls)]
        if missing:
            number, behind = missing[0]
            more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
            what = f"there is no {number}{more}: a call didn't end, or a number was skipped"
            self._breaches["numbers"].append((calls[behind].line, what))

    def _check_callers(self) -> None:
        """Functions of the same name may call each other. If most calls name themselves, the emitter is wrong."""
        if self._named_callers < _FEWEST_CALLERS:
            return
        self._tried.add("callers")
        itself = [
            call.line
            for calls in self._processes.values()
            for call in calls.values()
            if call.names_itself and (call.parent not in calls or calls[call.parent].function != call.function)
        ]
        if len(itself) * 2 > self._named_callers:
            what = "the caller is the function itself: name the function that calls it, one frame further out"
            self._breaches["callers"] += [(line, what) for line in itself]

    def _check_parents(self, calls: dict[int, _Call]) -> None:
        behind = 0
        late = []
        for number, call in calls.items():
            if call.parent is None:
                continue
            self._tried.add("order")
            parent = calls.get(call.parent)
            if call.parent >= number:
                what = f"number {number} has the parent {call.parent}: numbers are given when a call starts"
                self._breaches["order"].append((call.line, what))
            elif parent is None:
                self._breaches["parents"].append((call.line, f"parent={call.parent}, but no call has this number"))
            elif parent.line > call.line:
                behind += 1
                if call.elapsed_ns > parent.elapsed_ns + parent.resolution_ns:
                    self._breaches["parents"].append((call.line, f"it lasts longer than its parent {call.parent}"))
            else:
                late.append(call.line)
        if late and not behind:
            # A call that outlives its parent is written after it, but that can't be true of all of them.
            self._breaches["order"] += [(line, "its parent's line comes before it") for line in late]

    def _break(self, rule: str, what: str) -> None:
        self._breaches[rule].append((self.lines, what))


def _find_missing(calls: dict[int, _Call]) -> Iterable[tuple[int, int]]:
    """The numbers that no call has, up to the largest, each with the next one that there is."""
    expected = 0
    for number in sorted(calls):
        yield from ((each, number) for each in range(expected, min(number, expected + _MISSING_LIMIT)))
        expected = number + 1


def _quote_time(body: str) -> str:
    """The field that was meant to be the time, where one looks like it."""
    meant = _LIKE_A_TIME.search(body)
    return "" if meant is None else f": {meant[1][:40]} is none"


def _say_wrong(name: str, value: str) -> str | None:
    """What is wrong with the value of a reserved field; null where it can be one."""
    if name in FLAG_FIELDS:
        return None if value == "1" else "a flag is 1, or left out"
    if name == PHASE_FIELD:
        return None if value in PHASE_VALUES else f"it must be {', '.join(PHASE_VALUES[:-1])} or {PHASE_VALUES[-1]}"
    if name == "at":
        return _say_wrong_place(value)
    if name in NUMBER_FIELDS:
        if name == "parent" and value == "none":
            return None
        is_number = _UNSIGNED.fullmatch(value) is not None and int(value) <= MAXIMUM
        return (
            None if is_number and (name != "try" or value != "0") else _NUMBERS_ALLOWED.get(name, "it must be a number")
        )
    return None if value else "it must not be empty"


def _say_wrong_place(value: str) -> str | None:
    if _PLACE.fullmatch(value) is None:
        return "it must be <path>:<line>"
    return None if _ABSOLUTE.match(value) is None else "the path begins at the root of the repository, with /"


def _bare_name(name: str) -> str:
    """A function's name without its module or class, and without the signs that join words."""
    return re.split(r"[.:#]", name)[-1].replace("_", "").lower()
