# The job of the GitLab component, templates/report/template.yml: installs, measures, compares, reports, writes the note.
set -euo pipefail

export ACTION=$CI_PROJECT_DIR/.tracereport/action FOLDER=$CI_PROJECT_DIR/.tracereport/report
export FORMAT=gitlab ANNOTATIONS=$FOLDER/annotations.json SHA=$CI_COMMIT_SHA BASELINE='' WHY=''
export GITHUB_OUTPUT=$FOLDER/outputs
rm -rf "$FOLDER"
mkdir -p "$FOLDER"
touch "$GITHUB_OUTPUT"

output() { sed -n "s/^$1=//p" "$GITHUB_OUTPUT" | tail -n 1; }

if [ -n "$TRACEREPORT_RUN" ] && [ -n "$LOG" ]; then
  echo "Give the input run or the input log, not both."
  exit 2
elif [ -z "$TRACEREPORT_RUN$LOG" ]; then
  echo "Give the input run, a command that runs the tests, or the input log, a file."
  exit 2
fi

bash "$ACTION/action/install.sh"

branch=${CI_MERGE_REQUEST_TARGET_BRANCH_NAME:-}
if [ -n "$branch" ]; then
  place=$(jq -rn --arg branch "$branch" --arg job "$NAME" \
    '"\($branch | @uri)/raw/.tracereport/report/report.json?job=\($job | @uri)"')
  if curl --fail --silent --show-error --location --header "JOB-TOKEN: $CI_JOB_TOKEN" --output "$FOLDER/baseline.json" \
    "$CI_API_V4_URL/projects/$CI_PROJECT_ID/jobs/artifacts/$place"; then
    BASELINE=$FOLDER/baseline.json
  else
    echo "$branch has no baseline yet: nothing is compared. Its next pipeline makes one."
  fi
fi

if [ -n "$LOG" ]; then
  grep -v '^[[:space:]]*$' <<< "$LOG" > "$FOLDER/inputs"
else
  TRACEREPORT_ACTION=$ACTION TRACEREPORT_FOLDER=$FOLDER env -u TRACEREPORT_TOKEN bash "$ACTION/action/tests.sh"
  WHY=$(output why)
fi
bash "$ACTION/action/report.sh"

api() { curl --fail --silent --show-error --header "PRIVATE-TOKEN: $TRACEREPORT_TOKEN" "$@"; }
cd "$FOLDER"
if [ -n "${TRACEREPORT_TOKEN:-}" ] && [ -n "${CI_MERGE_REQUEST_IID:-}" ]; then
  notes="$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes"
  us=$(api "$CI_API_V4_URL/user" | jq .id)
  # A long discussion has more notes than one page.
  page=1 note=
  while [ -z "$note" ] && listed=$(api "$notes?per_page=100&page=$page&order_by=created_at&sort=asc") &&
    [ "$(jq length <<< "$listed")" -gt 0 ]; do
    note=$(jq -r --arg marker "$(head -n 1 summary.md)" --argjson us "$us" \
      '[.[] | select(.author.id == $us and (.body | startswith($marker))) | .id] | first // empty' <<< "$listed")
    page=$((page + 1))
  done
  if [ -n "$note" ]; then
    api --output /dev/null --request PUT --data-urlencode body@summary.md "$notes/$note"
  elif [ -f report.json ] && [ "$(jq --from-file "$ACTION/action/is_news.jq" report.json)" = true ]; then
    api --output /dev/null --request POST --data-urlencode body@summary.md "$notes"
  fi
fi

status=$(output status) # of the report, and of the tests where there is none
exit "${status:-0}"
