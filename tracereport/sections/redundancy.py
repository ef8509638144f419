"""What is asked again: signatures, lookups, by whom after whom, and what a cache would answer."""

from collections.abc import Sequence
from typing import Final

from tracereport.model import AskedAgain, Function, RedundantLookup, RedundantSignature, Report, Rows
from tracereport.sections.cells import Asked, CallerName, Calls, FunctionName, Shares, Words, list_names, time_range
from tracereport.sections.interface import (
    REDUNDANCY,
    Column,
    SectionView,
    answers,
    counts,
    figures,
    nothing_judged,
    words,
)


class RedundantSignatures(SectionView[RedundantSignature]):
    """Signatures called twice or more in one process."""

    key = "redundant-signatures"
    title = "Potential Redundant Calls"
    chapter = REDUNDANCY
    definition = "redundant"
    fix = "Add transaction-level caching, or hand the answer on."
    as_entries = True
    partial = "explorer.html"

    def rows(self, report: Report) -> Rows[RedundantSignature]:
        """By calls."""
        return report.redundant_signatures

    def columns(self, report: Report) -> Sequence[Column[RedundantSignature]]:
        """What the repeats were told, then where they stand."""
        del report
        return (
            counts("calls", lambda row: row.calls, "calls"),
            words("signature", lambda row: Asked(row.function, row.params, row.caller), "lookup"),
            *answers(),
            figures("time", lambda row: time_range(row.elapsed_ns, row.elapsed_upper_ns), "self"),
            words("call numbers", lambda row: Calls(row.call_references)),
        )

    def empty(self, report: Report) -> str:
        """That it has none is good news."""
        return nothing_judged(report) or "None: no signature was called twice in one process."

    def functions(self, row: RedundantSignature, report: Report) -> Sequence[str]:
        """The function that is asked."""
        del report
        return (row.function,)


class RedundantLookups(SectionView[RedundantLookup]):
    """Lookups asked twice or more in one process, by whomever."""

    key = "redundant-lookups"
    title = "Repeated Lookups"
    chapter = REDUNDANCY
    definition = "lookup"
    fix = "Where several callers ask for the same, let one of them ask and hand the answer on."
    as_entries = True

    def rows(self, report: Report) -> Rows[RedundantLookup]:
        """By calls."""
        return report.redundant_lookups

    def columns(self, report: Report) -> Sequence[Column[RedundantLookup]]:
        """What the repeats were told, then who asked."""
        del report
        return (
            counts("calls", lambda row: row.calls, "calls"),
            words("lookup", lambda row: Asked(row.function, row.params), "lookup"),
            *answers(),
            figures("time", lambda row: time_range(row.elapsed_ns, row.elapsed_upper_ns), "self"),
            words("callers", lambda row: Shares(row.callers)),
        )

    def functions(self, row: RedundantLookup, report: Report) -> Sequence[str]:
        """The function that is asked."""
        del report
        return (row.function,)


class AskedAgainBy(SectionView[AskedAgain]):
    """Who asks again for what whom has asked for just before."""

    key = "asked-again"
    title = "Asked Again By"
    chapter = REDUNDANCY
    definition = "asked-again-by"
    fix = "Hand the answer on from the previous asker to the asker; where both are the same, let it keep the answer."
    charts = ("asked-again",)

    def rows(self, report: Report) -> Rows[AskedAgain]:
        """By repeats."""
        return report.asked_again

    def columns(self, report: Report) -> Sequence[Column[AskedAgain]]:
        """The two places between which an answer should be handed on."""
        del report
        return (
            counts("repeats", lambda row: row.repeats, "redundant"),
            words("previous asker", lambda row: CallerName(row.previous_caller)),
            words("asker", lambda row: CallerName(row.caller)),
            words("function", lambda row: FunctionName(row.function)),
            *answers(),
            counts("own", lambda row: row.own_calls, "own"),
            counts("handed on", lambda row: row.handed_on_calls, "own"),
            counts("shared", lambda row: row.shared_calls, "redundant"),
        )

    def functions(self, row: AskedAgain, report: Report) -> Sequence[str]:
        """The function that is asked."""
        del report
        return (row.function,)


class AnswerGrades(SectionView[Function]):
    """What equal answers prove, function by function: how sure the findings are rests on it."""

    key = "answer-grades"
    title = "What Answers Prove"
    chapter = REDUNDANCY
    definition = "grade"
    fix = "Where answers prove nothing, or little, record a digest of them: then an update in place shows."

    def rows(self, report: Report) -> Rows[Function]:
        """The functions that ask again, by calls."""
        asking = tuple(row for row in report.functions.rows if row.redundant_calls)
        return Rows(len(asking), asking)

    def columns(self, report: Report) -> Sequence[Column[Function]]:
        """The grade, and what it is of."""
        del report
        return (
            words("function", lambda row: FunctionName(row.function)),
            words("answers", lambda row: Words(_GRADE_WORDS[row.evidence_grade]), "grade"),
            words("compared", lambda row: list_names(row.evidence_metrics) if row.evidence_metrics else Words("-")),
            counts("questions", lambda row: row.judged_questions, "judged"),
            counts("repeats", lambda row: row.redundant_calls, "redundant"),
        )

    def functions(self, row: Function, report: Report) -> Sequence[str]:
        """Itself."""
        del report
        return (row.function,)


_GRADE_WORDS: Final = {
    "content": "content: a digest",
    "version-like": "like versions: each change shows",
    "weak": "weak: counts alone",
    "constant": "always the same: nothing",
    "none": "none recorded",
}


class CacheCandidates(SectionView[RedundantSignature]):
    """Signatures called so often in one process that a cache is worth a thought."""

    key = "cache-candidates"
    title = "Cache Hit Opportunities"
    chapter = REDUNDANCY
    definition = "candidates"
    fix = "Cache these for the length of a transaction, and forget what is written to."
    as_entries = True

    def rows(self, report: Report) -> Rows[RedundantSignature]:
        """By calls."""
        return report.cache_candidates

    def columns(self, report: Report) -> Sequence[Column[RedundantSignature]]:
        """Where the calls stand, then what the repeats were told."""
        del report
        return (
            counts("calls", lambda row: row.calls, "calls"),
            words("signature", lambda row: Asked(row.function, row.params, row.caller), "lookup"),
            words("call numbers", lambda row: Calls(row.call_references)),
            *answers(),
        )

    def note(self, report: Report) -> str:
        """From how many calls on."""
        if not report.cache_candidates.rows:
            return ""
        return f"Signatures called {report.settings.cache_candidate_calls}+ times (cache candidates):"

    def empty(self, report: Report) -> str:
        """That it has none."""
        least = report.settings.cache_candidate_calls
        return nothing_judged(report) or f"None: no signature was called {least} times in one process."

    def functions(self, row: RedundantSignature, report: Report) -> Sequence[str]:
        """The function that is asked."""
        del report
        return (row.function,)
