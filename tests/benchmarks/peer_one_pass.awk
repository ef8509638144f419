# The leanest program that could stand in for a report: one pass over the log that counts, and does nothing else.
#
# mawk -F'|' -f peer_one_pass.awk perf_trace.log
#
# Calls and milliseconds by function, calls by edge, and the ten signatures with the most calls. It knows one prefix-free
# line, one unit of time and one process: what a report has to know about lines, order and repeats is left out.

/PERF_TRACE\|/ {
    traces++
    signature = $3
    elapsed_ms = 0
    for (field = 4; field <= NF; field++) {
        if (index($field, "elapsed_ms=") == 1) {
            elapsed_ms = substr($field, 12) + 0
            break
        }
        if (index($field, "caller=") == 1) edges[substr($field, 8) " -> " $3]++
        signature = signature "|" $field
    }
    calls[$3]++
    spent_ms[$3] += elapsed_ms
    asked[signature]++
}

END {
    print traces, "traces"
    for (name in calls) print calls[name], spent_ms[name] " ms", name
    for (edge in edges) print edges[edge], edge
    for (signature in asked) if (asked[signature] > 1) print asked[signature], signature | "sort -rn | head -n 10"
}
