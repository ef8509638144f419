"""Loops that may walk from row to row: each key stands in the answer before, and no list of them is known."""

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_TEXT, WRITE
from tracereport.calls.chains import NO_LINK, TO_ONE, UNKNOWN_COLUMNS, find_link, leads_elsewhere, writes_link
from tracereport.calls.ordered import OrderedCalls
from tracereport.measures.doubted import Doubted
from tracereport.measures.rows_before import find_most_before, list_rows
from tracereport.native.keys import find_distinct


def find_walks(
    ordered: OrderedCalls, groups: Doubted, texts: list[str], lookup: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Whether the calls of each group may walk from row to row, as no question before gave so many rows.

    Where the rows of an answer aren't known, nothing speaks for it.

    Args:
        ordered: all calls.
        groups: to look at.
        texts: canonical texts of their first lookups.
        lookup: per group an index into these.
    """
    link = np.array([find_link(text) for text in texts], np.uint8)[lookup]
    link[groups.is_write] = NO_LINK
    is_walk: NDArray[np.bool_] = np.not_equal(link, NO_LINK)
    rows = list_rows(ordered) if is_walk.any() else None
    if rows is None:
        return np.zeros(len(link), bool)
    _resolve_columns(ordered, groups, link)
    is_walk = np.not_equal(link, NO_LINK)
    _note_broken(groups, rows, link, is_walk)
    _note_relations(ordered, groups, texts, lookup, is_walk)
    chosen = np.flatnonzero(is_walk)
    is_walk[chosen] = find_most_before(ordered, rows, groups.first[chosen]) < groups.values[chosen]
    return is_walk


def _resolve_columns(ordered: OrderedCalls, groups: Doubted, link: NDArray[np.uint8]) -> None:
    """Settles what asks for all columns: inserts of the same process may name one that refers to other rows."""
    unknown = np.flatnonzero(link == UNKNOWN_COLUMNS)
    if not len(unknown):
        return
    lookups, resources = ordered.calls.lookups, len(ordered.calls.resources) + 1
    asked = lookups.resource[ordered.lookup[groups.first[unknown]]]
    is_asked = np.zeros(resources, bool)
    is_asked[asked] = True
    place = np.flatnonzero(ordered.kind == WRITE)
    place = place[is_asked[lookups.resource[ordered.lookup[place]]]]
    width = np.int64(len(lookups.text))
    insert = find_distinct(ordered.process[place] * width + ordered.lookup[place])
    texts = lookups.text.take(insert % width).to_list()
    links = insert[np.array([writes_link(text) for text in texts], bool)]
    known = (links // width) * resources + lookups.resource[links % width]
    own = ordered.process[groups.first[unknown]] * np.int64(resources) + asked
    link[unknown] = np.where(np.isin(own, known), TO_ONE, NO_LINK)


def _note_broken(groups: Doubted, rows: NDArray[np.int64], link: NDArray[np.uint8], is_walk: NDArray[np.bool_]) -> None:
    """Leaves out groups with an answer that isn't known, or that no walk along single rows goes on from."""
    place = np.flatnonzero(np.append(is_walk, [False])[groups.of_place])
    group = groups.of_place[place]
    last = np.full(len(is_walk), NO_TEXT, np.int64)
    last[group] = place
    goes_on = (rows[place] == 1) | ((rows[place] == 0) & (place == last[group]))
    is_broken = (rows[place] < 0) | ((link[group] == TO_ONE) & ~goes_on)
    is_walk[group[is_broken]] = False


def _note_relations(
    ordered: OrderedCalls, groups: Doubted, texts: list[str], lookup: NDArray[np.integer], is_walk: NDArray[np.bool_]
) -> None:
    """Leaves out groups of which the hook says each time that what is asked belongs to rows of another table."""
    place = np.flatnonzero(np.append(is_walk, [False])[groups.of_place])
    if not len(place):
        return
    names = ordered.calls.origins.texts
    via = ordered.calls.origins.via[ordered.take(ordered.calls.origin)[place]]
    width = np.int64(len(names) + 1)
    stays = np.zeros(len(is_walk), bool)
    for code in find_distinct(groups.of_place[place] * width + via + 1).tolist():
        group, hook = divmod(code, int(width))
        stays[group] |= not (hook and leads_elsewhere(names[hook - 1], texts[int(lookup[group])]))
    is_walk &= stays
