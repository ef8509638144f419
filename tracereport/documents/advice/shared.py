"""Several callers that ask for the same thing in turn."""

from collections.abc import Iterator

from tracereport.documents.advice.paragraphs import (
    ask_for_proof,
    capitalize,
    describe_answers,
    describe_neighbours,
    fence,
    verify,
)
from tracereport.documents.advice.words import Words, list_in_code
from tracereport.documents.markdown_text import code, sketch
from tracereport.wording.phrases import format_count, format_counted
from tracereport.wording.sentences import describe_caller, spell_count
from tracereport.wording.units import format_caller

_NAMED_CALLERS = 5
_SKETCHED_CALLERS = 3


def advise(words: Words) -> Iterator[str]:
    """Advises to ask once, and to hand the answer on."""
    finding = words.finding
    one_param = len(finding.param_names) == 1
    asked = code(finding.param_names[0]) if one_param else "set of parameters"
    handed = ""
    if finding.pairs.rows:
        heaviest = finding.pairs.rows[0]
        handed = f" from {describe_caller(heaviest.previous_caller, code)} to {describe_caller(heaviest.caller, code)}"
    yield (
        f"Call {words.function} once for each {asked} and hand the answer on{handed}, or make the check part of the "
        "load."
    )
    yield f"**What it is.** {' '.join(_what_it_is(words))}"
    yield (
        "**When it is no problem.** If the callers belong to different requests, or if one must see what another "
        "thread wrote meanwhile. Passing an answer through layers that don't need it can make the code harder to read "
        "than the call is worth: then use a cache for the length of the transaction."
    )
    yield from describe_neighbours(finding)
    yield (
        "**How to fix it.** Let the first one ask, and give the others its answer instead of the key. If one caller "
        "only checks that the thing exists and the next one loads it, load it at once: if it isn't there, the check "
        "has failed."
    )
    call = f"answer = {words.function_in_code}({list_in_code(finding.param_names)})"
    lines = [f"+{call}"]
    for caller in finding.callers[:_SKETCHED_CALLERS]:
        lines += [f" in {sketch(format_caller(caller))}, given answer:", f"-    {call}"]
    yield fence(lines)
    yield from verify(finding)


def _what_it_is(words: Words) -> Iterator[str]:
    finding = words.finding
    yield (
        f"{capitalize(spell_count(finding.caller_count))} callers ask {words.function} for the same thing within one "
        "unit of work (a test, a request, else a process), each as if the others hadn't:"
    )
    left = finding.caller_count - _NAMED_CALLERS
    named = ", ".join(describe_caller(caller, code) for caller in finding.callers[:_NAMED_CALLERS])
    yield f"{named} and {format_count(left)} more." if left > 0 else f"{named}."
    yield (
        "This finding counts each time that a caller first asks for something that another caller has already asked "
        f"for: {format_counted(finding.repeats, 'repeat')}."
    )
    if finding.handed_on_calls:
        yield (
            f"The same fix also saves {format_counted(finding.handed_on_calls, 'repeat')} within one caller, whose own "
            "last answer was stale while another caller's would have served."
        )
    yield from describe_answers(finding)
    yield from ask_for_proof(words)
