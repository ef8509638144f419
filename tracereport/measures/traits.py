"""Traits: what is known of a call as a question and as a repeat, a bit each; and what is counted by them."""

from typing import Final

from tracereport.native.tally import Mask

JUDGED: Final = 1 << 0
"""It stands in a unit that is judged."""
QUESTION: Final = 1 << 1
"""A judged question: it alone can be a repeat."""
REPEAT: Final = 1 << 2
"""Its unit has asked for this lookup before. This and some that follow are found by ``native/repeats.c``."""
AGAIN: Final = 1 << 3
"""Its caller has; a repeat that isn't *again* is *shared*."""
UNCHANGED: Final = 1 << 4
"""Its answer was recorded as that of the call before, or came out of a cache. Whether that proves anything, the whole
input tells (``measures.evidence``)."""
CHANGED: Final = 1 << 5
"""Both answers are recorded, and differ."""
CACHED: Final = 1 << 6
"""A cache answered the repeat: it is unchanged for certain, and nothing is saved by leaving it out."""
WRITTEN: Final = 1 << 7
"""A write to the same resource stands between it and the call before."""
OWN: Final = 1 << 8
"""Unchanged *again*: the answer that its caller itself got last would have served."""
BACK: Final = 1 << 9
"""Changed to an answer that the lookup has had before."""
SEQUENTIAL: Final = 1 << 10
"""It directly follows the call before: its number is the next one behind that call's whole subtree."""
NEGATIVE: Final = 1 << 11
"""Both found nothing."""
SHOWN: Final = 1 << 12
"""It is selected, or nothing is."""
AVOIDABLE: Final = 1 << 13
"""A batch would replace it, for certain or likely: it saves nothing else. Known when fan-outs are (``Context.traits``).
"""
SAID_CACHED: Final = 1 << 14
"""Its record says that a cache answered it, repeat or not."""
SAME_ASKER: Final = 1 << 15
"""The call before was by the same caller, which is known. Findings alone ask for it."""

ASKED_UNCHANGED: Final = Mask(UNCHANGED, lacking=CACHED)
"""Of those that were really asked."""
HANDED_ON: Final = Mask(UNCHANGED | AGAIN, lacking=OWN | CACHED)
"""Unchanged *again* repeats whose caller's own last answer was stale: another asker's would have served."""
UNPROVEN: Final = Mask(REPEAT, lacking=UNCHANGED | CHANGED)
BATCHED: Final = Mask(JUDGED | AVOIDABLE, lacking=REPEAT)
"""A batch would have answered it, though it repeats nothing."""

ASKED: Final = {"first": Mask(QUESTION, lacking=REPEAT | AVOIDABLE), "fan_out": BATCHED}
"""What is counted of calls that repeat nothing."""

RECORDED: Final = {
    "repeats": Mask(REPEAT),
    "unchanged": ASKED_UNCHANGED,
    "cached": Mask(CACHED),
    "changed": Mask(CHANGED),
    "written": Mask(REPEAT | WRITTEN, lacking=UNCHANGED | CHANGED),
    "unchanged_written": Mask(UNCHANGED | WRITTEN, lacking=CACHED),
    "own": Mask(OWN),
    "handed_on": HANDED_ON,
}
"""What is counted of repeats, as recorded: the sums that ``measures.proof`` takes.

``written`` are the unproven ones with a write before them; ``unchanged_written`` become unproven where answers prove
nothing.
"""
