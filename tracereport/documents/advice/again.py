"""A caller that asks again for an answer that it already had."""

from collections.abc import Iterator

from tracereport.documents.advice.paragraphs import ask_for_proof, describe_answers, describe_neighbours, fence, verify
from tracereport.documents.advice.words import Words, list_in_code
from tracereport.documents.markdown_text import code
from tracereport.model import UNKNOWN_CALLER
from tracereport.wording.phrases import format_counted
from tracereport.wording.sentences import describe_caller


def advise(words: Words) -> Iterator[str]:
    """Advises to keep the answer until something is written."""
    finding = words.finding
    is_named = finding.callers[0] not in (None, UNKNOWN_CALLER)
    yield _first(words, is_named=is_named)
    yield f"**What it is.** {' '.join(_what_it_is(words, is_named=is_named))}"
    yield (
        "**When it is no problem.** If another thread or process may write in between and a stale answer would be "
        f"wrong; if the call polls on purpose; or if a cache below {words.function} answers quickly and there are few "
        "calls."
    )
    yield from describe_neighbours(finding)
    yield f"**How to fix it.** {words.keep_fix()}"
    yield fence(_sketch(words))
    yield from verify(finding)


def _first(words: Words, *, is_named: bool) -> str:
    finding, function, caller = words.finding, words.function, words.caller
    if finding.handed_on_calls and not finding.calls_saved:
        heaviest = finding.pairs.rows[:1]
        handed = "".join(f" from {describe_caller(pair.previous_caller, code)}" for pair in heaviest)
        return f"Hand the answer on{handed}: the answer that {caller} itself had got before was stale each time."
    if not finding.possible_calls_saved:
        once = f"{caller} can ask {function} once" if is_named else f"{function} can be asked once"
        return f"Leave it, unless {once} after the writes: every repeat got a new answer."
    asked = code(finding.param_names[0]) if len(finding.param_names) == 1 else "the same parameters"
    keep = f"Let {caller} keep" if is_named else "Keep"
    return (
        f"{keep} what {function} answered for {asked} until something is written, or cache it for the length of a "
        "transaction."
    )


def _what_it_is(words: Words, *, is_named: bool) -> Iterator[str]:
    finding = words.finding
    yield (
        f"Within one unit of work (a test, a request, else a process), {words.caller} calls {words.function} with "
        f"parameters that it has called it with before: {format_counted(finding.repeats, 'repeat')} in "
        f"{format_counted(finding.calls, 'call')}."
    )
    yield from describe_answers(finding)
    yield from ask_for_proof(words)
    for pair in finding.pairs.rows[:1]:
        if pair.previous_caller != pair.caller:
            yield (
                f"Most often {describe_caller(pair.previous_caller, code)} had asked just before: if it can pass the "
                "answer on, let it."
            )
    if not is_named:
        yield (
            "The log doesn't name the caller. If it did, there would be one finding for each caller. To record the "
            f"caller, {words.callers()}"
        )


def _sketch(words: Words) -> list[str]:
    key = list_in_code(words.finding.param_names)
    ask = f"{words.function_in_code}({key})"
    return [
        words.in_caller,
        f"-    answer = {ask}",
        f"+    if kept has no [{key}]:",
        f"+        kept[{key}] = {ask}",
        f"+    answer = kept[{key}]",
        "",
        " wherever that is written:",
        f"+    forget kept[{key}]",
    ]
