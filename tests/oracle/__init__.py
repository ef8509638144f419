r"""The reference implementation: slow, obvious, standard library only, written from the documents and nothing else.

``read_lines`` gives a log's records, ``find_processes`` their processes with trees, ``calls_table`` the public rows,
and ``measure`` every figure, from a list of processes (so that another division into processes can be measured too).

What the documents leave open is decided here as follows.

Reading
    1.  The body of a record starts behind the mark, whose last ``|`` starts no field: ``PERF_TRACE|5|elapsed_ms=3`` has
        no elapsed field (its function is ``elapsed_ms=3``), ``PERF_TRACE|5||elapsed_ms=3`` has an empty function.
    2.  Of adjacent elapsed fields only those of different units are one boundary: one of a unit that stood before is a
        metric of that name. Only the field that counts is held against 2^63 - 1 ns.
    3.  Colour codes are dropped from the end of a record's last line, never from inside a value.
    4.  The torn check is for the record's own line; what follows in a continuation may quote records. Torn, too, is an
        elapsed field without a number before another field, and a mark directly behind such a one.
    5.  A joined record that stays incomplete is no "quoted" one: that check reads the record's own line only.
    6.  One MiB is counted in bytes of UTF-8 of the joined text, from behind the mark on.
    7.  Decimals finer than a nanosecond are cut off; the resolution is at least 1 ns.
    8.  A number of more than 19 digits is malformed, leading zeros or not. A metric may have leading zeros.
    9.  Behind the elapsed field, a run of fields without ``=`` at the end is one dropped metric; an empty one (the line
        ends in ``|``) too. ``parent=`` that is neither ``none`` nor a number up to 2^63 - 1 is dropped and counted
        likewise.
    10. The flags (``escaped``, ``frame``, ``failed``, ``cached``) are 1, or 0, which says nothing; with another value
        they are metrics. The hexadecimal digits of an escape are lower-case.
    11. A line that holds ``PERF_TRACE|`` is no marker.
    12. An empty line inside the log is an *other* line; only what stands behind the last ``\n``, if empty, is none.

Markers
    13. Cargo and nextest set their status word flush right in twelve columns, and only such a line is a marker, colours
        apart. Of nextest any status in capitals with a time is one, but for SLOW (``[> 60.000s]``: no process starts).
    14. ``-v``: the program's file name without its hash; ``rustdoc --crate-name minifs`` is ``minifs (doc)``.
    15. Two binaries share a name if both traced something. The crate before ``::`` is that of the last unit-test
        marker, the target the binary's name, for unit tests ``lib (unit)`` or ``main (unit)``.
    16. A doubled block is: an equal marker line (so the same status, time and test), equal lines behind it while they
        are indented by two spaces or blank (blank ones at the end apart), and at least one trace.
    17. Processes under one marker share its name.

Processes and trees
    18. Processes are split as ``splitting`` says: cut as late as the numbers allow, joined to mixed stretches where one
        piece lacks another's largest number, doubted where an earlier cut is as good.
    19. Implausible numbers are looked for in pieces and pieces are cut without them, over again until none is found.
        Both sides of each gap are looked at. They belong to the process they stand in, and are judged as it is.
    20. A stretch of pieces that can't be judged is one process, and so are all pieces of a segment with an orphan
        (a call whose caller's function is traced in the segment); then it is tried whether the stretch is one of equal
        counters. What calls say of their process comes first.
    21. Given comes before flat and nested, and counts plausible records only. An interleaved stretch is unknown.
    22. Nested: of the adopted calls three quarters must name their parent's function, those with an unknown caller
        counted in the whole. So a process without known callers is never nested.
Units, kinds and evidence
    23. A process knows tests if any of its calls has one. What such a process calls outside of tests, or in the phases
        set-up and tear-down, is one unit that isn't judged; a phase says nothing elsewhere. A missing try is the first.
    24. A frame is no write, whatever else its line says; a statement decides before the function's name; ``write=1``
        touches everything, and so does a write that names no table. Resources are compared without quotes, in lower
        case. A question asks one: the first table of its statement, else its function.
    25. Answers are compared by name, whatever their order; several metrics of one name in logged order. Times are the
        metrics whose names end in ``_ms``, ``_us`` or ``_ns``. A failed answer isn't one, cached or not.
    26. Grades are of all judged questions, those that a cache answered too. *Back*: the answer equals one that its unit
        had of the lookup before the previous call. Lookups are distinct over the whole input.
    27. All answers since a caller's own last call are *recorded and equal* only if each has one: a cache that answered
        without saying what breaks the chain.
    28. An unchanged repeat of a single caller across a write is handed on, too, and no finding saves it.
Measures
    29. A repeat's evidence counts for its caller and its edge. A signature's row counts its *again* repeats only, so
        that unchanged + changed + unproven = calls - units, as in a lookup's row.
    30. Rows of signatures and lookups merge units, but only those in which the threshold is reached; their calls stand
        process by process, in order.
    31. The histogram's powers of two start at the coarsest resolution of the function.
    32. Self time and the call tree are of nested and given trees only (a flat process has no tree to merge); self time
        is none where children surely ran side by side. ``elapsed_ns`` of the roots counts flat ones too, and calls
        whose parent never printed.
    33. What directly follows a call in a given tree is the largest number in its subtree, plus one.
    34. Implausible numbers count in repeats, but not in trees, unfinished calls or the time of roots.
    35. Parameters vary one to one if they do so over all calls of the scope (one run of the caller, or the unit) that
        agree in the others. Ties by the key are broken by the fewest parameters that vary, then by their names. A group
        left with too few values is none, and its calls are in no group. The same parameter name twice counts by
        position.
    36. Recursion is by the logged caller, or by the parent in the tree. Calls of a parent that never printed are under
        it, and *sure*. An implausible call has no parent. A caller is open if its number is smaller and its line later,
        whatever unit it belongs to; ``unknown`` names none. Beside an activation only a given parent is named.
    37. A call that failed is in no fan-out, though a write that failed may have changed something. Of writes and of
        calls whose values weren't recorded the distinct values are the calls, and what is fixed is the statement of the
        writes, if they have one.
    38. A finding of a fan-out counts its groups of the best confidence only.
    39. The curve's time and marks are of hits that aren't stale; a mark is null where there are none.
    40. Saved are, in the totals, all unchanged repeats but those that a cache answered; *possible* are the unproven
        ones that nothing says to have changed, outside any call that is spared; the two are figures of their own, not
        to be added. A flat process is a known tree.
    41. First calls are those whose numbers aren't beyond that of their process's first line with a plausible one. For
        symbol loading they are never promised as saved, nor called slow.
        Where the tree is unknown a call isn't promised either that may lie inside another spared one of its function,
        whoever is named as its caller: a helper that isn't traced may stand between.
    42. Ranking takes a finding's elapsed time as the time. A finding's ``calls`` are its repeats and one call each of
        its lookups, which are counted per unit. Unchanged repeats that a cache answered give no confidence.
    43. *Negative*: the metric ``found`` is 0 in the repeat and in the call before; the last one if there are several.
    44. A finding's saving is of the calls that it saves, the verdict's of the three changes' together; a fan-out
        promises none.
"""

from tests.oracle.measures import measure
from tests.oracle.processes import Process, calls_table, find_processes, split_segment
from tests.oracle.reading import Malformed, Reading, Record, read_lines

__all__ = [
    "Malformed",
    "Process",
    "Reading",
    "Record",
    "calls_table",
    "find_processes",
    "measure",
    "read_lines",
    "split_segment",
]
