"""The verdict: the report in a sentence or two, and the changes that it rests on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tracereport.findings.interface import Candidate
from tracereport.findings.repeats.parts import KIND_KEY, RepeatsPart
from tracereport.measures.interface import Whole
from tracereport.model import Verdict
from tracereport.wording.phrases import format_counted, format_rate, name_asked

if TYPE_CHECKING:
    from tracereport.measures.totals import TotalsPart

VERDICT_CHANGES = 3


def make_verdict(whole: Whole, ranked: Sequence[Candidate]) -> Verdict:
    """What asks again and for which answer, and what the first changes remove.

    ``ranked`` are all findings; the first ones that save calls for certain, or likely, are the changes.
    """
    sums = {name: int(column.sum()) for name, column in whole.edges.sums.items()}
    processes = whole["processes"].processes.sums
    changes = [candidate for candidate in ranked if candidate.calls_saved and not candidate.is_low][:VERDICT_CHANGES]
    removed = sum(candidate.calls_saved for candidate in changes)
    part: TotalsPart = whole["totals"]
    sentences = [
        _sum_up(sums, is_interleaved=not processes["judged"].any(), is_divided=bool(part.across_actions_lookups))
    ]
    if certain := int(processes["least_repeats"].sum()):
        sentences.append(f"Of processes that wrote at the same time, at least {certain:,} calls ask again.")
    if changes:
        count = ("One change", "Two changes", "Three changes")[len(changes) - 1]
        sentences.append(f"{count} would remove {format_counted(removed, 'call')}{_name_kinds(changes)}.")
    one_cache = sums["unchanged"] - sums["cached"]
    if sums["handed_on"] or (sums["own"] and one_cache > sums["own"]):
        sentences.append(
            f"{format_counted(sums['own'], 'repeat')} could go if each caller kept its own answer, "
            f"{one_cache:,} with one cache for all, cleared by writes."
        )
    saving_ns, saving_upper_ns = _bound_saving(whole, changes)
    first = 1 if changes else 0
    return Verdict(
        message=" ".join(sentences),
        headline=sentences[first],
        sums=tuple(sentences[:first] + sentences[first + 1 :]),
        changes=len(changes),
        calls_removed=removed,
        of_unchanged=sums["unchanged"],
        own_calls=sums["own"],
        one_cache_calls=one_cache,
        saving_ns=saving_ns,
        saving_upper_ns=saving_upper_ns,
        fingerprints=tuple(candidate.key.fingerprint() for candidate in changes),
    )


def _name_kinds(changes: Sequence[Candidate]) -> str:
    """How many of them batches remove, where kept answers remove others."""
    batched = sum(candidate.calls_saved for candidate in changes if candidate.key.kind == "fan-out")
    kept = sum(candidate.calls_saved for candidate in changes) - batched
    if batched and kept:
        return f": {batched:,} by batches, {kept:,} by keeping answers"
    return ", by batches" if batched else ""


def _bound_saving(whole: Whole, changes: Sequence[Candidate]) -> tuple[int, int]:
    """The time that the changes save together.

    Their calls may lie inside one another, across findings. At least what calls inside no other saved call take, or
    what one of them saves alone; at most what they save each, together.
    """
    part: RepeatsPart = whole[KIND_KEY]
    wanted = {candidate.key.text() for candidate in changes}
    rows = [
        row[1:]
        for row in part.findings.rows("finding", "saving_ns", "saving_range_ns", "exclusive_ns")
        if row[0] in wanted
    ]
    if not rows:
        return 0, 0
    return max(*(row[0] for row in rows), sum(row[2] for row in rows)), sum(row[0] + row[1] for row in rows)


def _sum_up(sums: dict[str, int], *, is_interleaved: bool, is_divided: bool) -> str:
    questions, repeated = sums["judged_questions"], sums["repeats"]
    unchanged, changed, unproven = sums["unchanged"], sums["changed"], sums["unproven"]
    if not questions:
        return _say_nothing_judged(sums, is_interleaved=is_interleaved)
    asked = name_asked(sums["calls"], sums["questions"], questions)
    if not repeated:
        twice = f"was {'made' if asked == 'call' else 'asked'} twice"
        twice += " in one request or call from a test" if is_divided else ""
        return f"None of the {questions:,} {asked}s {twice}." if questions > 1 else f"No {asked} {twice}: there is one."
    head = f"{repeated:,} of {format_counted(questions, asked)} {'asks' if repeated == 1 else 'ask'} again"
    answers = [
        (unchanged, f"for an unchanged answer ({format_rate(unchanged / questions)} of all)"),
        (changed, "for a changed one" if unchanged else "for a changed answer"),
        (unproven, "without evidence"),
    ]
    present = [(count, text) for count, text in answers if count]
    if len(present) == 1:
        return f"{head}, all {present[0][1]}." if repeated > 1 else f"{head}, {present[0][1]}."
    return f"{head}: {', '.join(f'{count:,} {text}' for count, text in present)}."


def _say_nothing_judged(sums: dict[str, int], *, is_interleaved: bool) -> str:
    if not sums["judged"]:
        if not is_interleaved:
            return "No call could be judged: none was made by a test."
        return "No call could be judged: processes wrote at the same time."
    if sums["judged"] == sums["judged_others"]:
        return "No call asks for anything: all are writes, or places in the program."
    return "No call could be judged: every question failed, or was recorded without its values."
