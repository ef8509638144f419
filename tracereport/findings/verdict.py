"""The verdict: the report in a sentence or two, and the changes that it rests on."""

from collections.abc import Sequence

from tracereport.calls.lookup_text import is_plain_name
from tracereport.measures.repeats import Repeats
from tracereport.measures.savings import Saving
from tracereport.model import Finding, Verdict
from tracereport.wording.phrases import format_counted, format_rate


def make_verdict(
    repeats: Repeats, changes: Sequence[Finding], fanouts: Sequence[Finding], fanout_count: int, saving: Saving
) -> Verdict:
    """The report in a sentence or two: what asks again and for which answer, and what the first changes remove.

    ``changes`` are findings that save calls, at most as many as there are words for.
    """
    calls = len(repeats.previous)
    unchanged = int(repeats.unchanged.sum())
    removed = sum(finding.calls_saved for finding in changes)
    sentences = [_sum_up(repeats, calls, unchanged)]
    if changes:
        count = ("One change", "Two changes", "Three changes")[len(changes) - 1]
        sentences.append(f"{count} would remove {_name_removed(repeats, removed, unchanged)}.")
    if fanouts:
        first = fanouts[0]
        varying = first.varying_params[0]
        each = f"`{varying}`" if is_plain_name(varying) else "value"
        more = f" and {fanout_count - 1:,} more" if fanout_count > 1 else ""
        sentences.append(
            f"N+1: `{first.function}` is called once per {each}, "
            f"{format_counted(first.avoidable_calls, 'call')} too many{more}."
        )
    return Verdict(
        message=" ".join(sentences),
        changes=len(changes),
        calls_removed=removed,
        of_unchanged=unchanged,
        saving_ns=saving.lower_ns,
        saving_upper_ns=saving.upper_ns,
        fingerprints=tuple(finding.fingerprint for finding in changes),
    )


def _name_removed(repeats: Repeats, removed: int, unchanged: int) -> str:
    """What the changes remove, in the words of the sentence before."""
    if removed < unchanged:
        return f"{removed:,} of the {unchanged:,}"
    if unchanged < int(repeats.is_repeat.sum()):
        return f"all {unchanged:,} unchanged ones" if unchanged > 1 else "the unchanged one"
    return "all of them" if unchanged > 1 else "it"


def _sum_up(repeats: Repeats, calls: int, unchanged: int) -> str:
    repeated, changed = int(repeats.is_repeat.sum()), int(repeats.changed.sum())
    unproven = repeated - unchanged - changed
    if not calls:
        return "No call could be judged: processes wrote at the same time."
    if not repeated:
        return f"No call was made twice in {calls:,} calls." if calls > 1 else "No call was made twice: there is one."
    head = f"{repeated:,} of {calls:,} calls {'asks' if repeated == 1 else 'ask'} again"
    answers = [
        (unchanged, f"for an unchanged answer ({format_rate(unchanged / calls)} of all)"),
        (changed, "for a changed one" if unchanged else "for a changed answer"),
        (unproven, "without evidence"),
    ]
    present = [(count, text) for count, text in answers if count]
    if len(present) == 1:
        return f"{head}, all {present[0][1]}." if repeated > 1 else f"{head}, {present[0][1]}."
    return f"{head}: {', '.join(f'{count:,} {text}' for count, text in present)}."
