# Reports on FOLDER/inputs: the page, report.json, the calls and the comment's text, in FOLDER, and what FORMAT, github or
# gitlab, shows beside the code, in ANNOTATIONS.
#
# Writes to GITHUB_OUTPUT `status`, tracereport's exit code, and `made`, whether there is a report. Without one the text
# says WHY, so that a comment that is there never speaks of an older commit.
set -euo pipefail

status=0 options=()
if [ -n "${LOCATION:-}" ]; then
  options=(--location "$LOCATION")
fi
if [ -n "$BASELINE" ]; then
  options+=(--baseline "$BASELINE")
fi
# A history tells runs apart by these; the commit of a fork isn't here.
if at=$(git show --no-patch --format=%cI "$SHA" 2> /dev/null) && [ -n "$at" ]; then
  options+=(--at "$at")
fi
# A gate needs the baseline if it is one of two words, or if its limit, which stands at its end, is relative.
relative='^ *(new-findings|worse) *$|[<>=] *baseline *([-+][ 0-9.%]*)?$'
while IFS= read -r gate; do
  if [ -n "$gate" ] && { [ -n "$BASELINE" ] || ! [[ $gate =~ $relative ]]; }; then
    options+=(--fail-on "$gate")
  fi
done <<< "$FAIL_ON"

if [ -f "$FOLDER/inputs" ]; then
  inputs=()
  while IFS= read -r input; do
    inputs+=("$input")
  done < "$FOLDER/inputs"
  bin=$FOLDER/venv/bin
  if [ ! -d "$bin" ]; then
    bin=$FOLDER/venv/Scripts # Windows
  fi
  "$bin/tracereport" "${inputs[@]}" ${options[@]+"${options[@]}"} --title "$NAME at ${SHA:0:12}" --label "${SHA:0:7}" \
    --marker "$NAME" --format "$FORMAT" -o - -o "$FOLDER/report.html" -o "$FOLDER/report.json" -o "$FOLDER/calls.parquet" \
    -o "$FOLDER/summary.md" > "$ANNOTATIONS" || status=$?
  WHY="There is no report: see what tracereport says in this run."
  echo "status=$status" >> "$GITHUB_OUTPUT"
fi

if [ -f "$FOLDER/report.json" ]; then
  echo "made=true" >> "$GITHUB_OUTPUT"
fi
if [ ! -f "$FOLDER/summary.md" ]; then
  printf '<!-- tracereport:%s -->\n%s\n' "$NAME" "$WHY" > "$FOLDER/summary.md"
fi
printf '\nThis is about commit %s.\n' "$SHA" >> "$FOLDER/summary.md"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat "$FOLDER/summary.md" >> "$GITHUB_STEP_SUMMARY"
fi
