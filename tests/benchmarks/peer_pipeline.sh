#!/usr/bin/env bash
# The sections of a report as a user would make them by hand, one pipeline each: peer_pipeline.sh LOG
set -euo pipefail
export LC_ALL=C
traces=$(mktemp)
trap 'rm -f "$traces"' EXIT
grep 'PERF_TRACE|' "$1" >"$traces"
wc -l <"$traces"
# calls by function
cut -d'|' -f3 "$traces" | sort | uniq -c | sort -rn | head -10
# the slowest calls
awk -F'|' '{ for (i = 4; i <= NF; i++) if ($i ~ /^elapsed_ms=/) print substr($i, 12) "\t" $0 }' "$traces" | sort -rn | sed -n 1,10p
# who calls what
awk -F'|' '{ for (i = 4; i <= NF; i++) if ($i ~ /^caller=/) print substr($i, 8) " -> " $3 }' "$traces" | sort | uniq -c | sort -rn | sed -n 1,20p
# the same question again
cut -d'|' -f3- "$traces" | sed 's/|elapsed_ms=.*//' | sort | uniq -c | sort -rn | awk '$1 > 1' | sed -n 1,10p
