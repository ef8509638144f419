"""The findings as cards, in lists that answer one question each: what is new, what is sure, what may be larger."""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from tracereport.documents.page.written import HtmlText
from tracereport.model import Finding, Report
from tracereport.wording.changes import order_findings
from tracereport.wording.differences import Difference, find_difference
from tracereport.wording.sentences import shorten_fingerprint

_Ranked: TypeAlias = tuple[int, Finding, str]
_LARGER = "Larger, not proven"
_CONFIDENCES = ("sure", "likely", "low")


class Card(msgspec.Struct, frozen=True):
    """A finding in the page.

    Attributes:
        rank: among all findings of the report.
        is_full: whether it has its evidence and advice, or only says where these are.
        state: ``new`` or ``worse`` since the baseline, else empty.
        shortest: the digits that ``--explain`` needs.
        confidence_rank: 0 for the surest.
        time_ns: what it is about, to sort by.
    """

    finding: Finding
    rank: int
    is_full: bool
    state: str
    shortest: str
    difference: Difference
    confidence_rank: int
    time_ns: int


class CardList(msgspec.Struct, frozen=True):
    """Findings under one heading: the first ones in sight, the others one click away."""

    key: str
    title: str
    first: tuple[Card, ...]
    others: tuple[Card, ...]
    most_saved: int
    """Calls of the one that may save most: the bars' whole length."""


def list_cards(report: Report, text: HtmlText) -> list[CardList]:
    """The lists that have findings: with a baseline first what is new or worse; then what is sure, then the rest."""
    ranked = order_findings(report)
    grown = [entry for entry in ranked if entry[2]]
    rest = [entry for entry in ranked if not entry[2]]
    sure = [entry for entry in rest if _is_proven(entry[1])]
    unproven = sorted(
        (entry for entry in rest if not _is_proven(entry[1])), key=lambda entry: (-_most_saved(entry[1]), entry[0])
    )
    titled = (
        ("grown", "New or worse", grown),
        ("sure", "Sure and likely", sure),
        ("unproven", _title_unproven(sure, unproven), unproven),
    )
    room = text.limits.cards
    lists = []
    for key, title, entries in titled:
        cards = [_make_card(report, entry, text, at) for at, entry in enumerate(entries[:room])]
        room -= len(cards)
        if cards:
            shown = text.limits.findings
            most = max(_most_saved(card.finding) for card in cards) or 1
            lists.append(CardList(key, title, tuple(cards[:shown]), tuple(cards[shown:]), most))
    return lists


def list_larger(lists: Sequence[CardList]) -> list[Finding]:
    """What would save most calls, and what most time, if it were proven: named at the top, since it may be worth more.

    Nothing where what is sure is larger.
    """
    cards = [card for own in lists if own.title == _LARGER for card in (*own.first, *own.others)]
    repeated = [card for card in cards if card.finding.kind in {"again", "shared"} and card.finding.unproven]
    if not repeated:
        return []
    most_calls = max(repeated, key=lambda card: (_most_saved(card.finding), -card.rank)).finding
    most_time = max(repeated, key=lambda card: (card.time_ns, -card.rank)).finding
    return [most_calls] if most_calls is most_time else [most_calls, most_time]


def _is_proven(finding: Finding) -> bool:
    """Whether some answer is known to have been asked for in vain, or a parent call shows the fan-out."""
    return finding.confidence != "low" and finding.calls_saved > 0


def _most_saved(finding: Finding) -> int:
    return max(finding.calls_saved, finding.possible_calls_saved, finding.avoidable_calls)


def _title_unproven(sure: Sequence[_Ranked], unproven: Sequence[_Ranked]) -> str:
    """``Larger, not proven`` only where one of them may save more than what is sure."""

    def most(entries: Sequence[_Ranked]) -> int:
        return max((_most_saved(row) for _, row, _ in entries), default=0)

    return _LARGER if most(unproven) > most(sure) else "Not proven"


def _make_card(report: Report, entry: _Ranked, text: HtmlText, position: int) -> Card:
    rank, finding, state = entry
    return Card(
        finding=finding,
        rank=rank,
        is_full=position < text.limits.findings,
        state=state,
        shortest=shorten_fingerprint(report, finding.fingerprint),
        difference=find_difference(finding),
        confidence_rank=_CONFIDENCES.index(finding.confidence),
        time_ns=finding.elapsed_upper_ns or finding.elapsed_ns,
    )
