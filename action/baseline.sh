# Finds what to compare with: the file BASELINE, or the report that the latest good push to BASE left as an artifact.
#
# Writes `file` to GITHUB_OUTPUT; none where there is no baseline yet, which is no error.
set -euo pipefail

if [ -n "$BASELINE" ]; then
  if [ -f "$BASELINE" ]; then
    echo "file=$BASELINE" >> "$GITHUB_OUTPUT"
  else
    echo "::notice::$BASELINE isn't there: nothing is compared."
  fi
  exit
fi
if [ -z "$BASE" ]; then
  exit # a push: later runs are compared with it
fi

workflow=${WORKFLOW%%@*} # owner/name/.github/workflows/tests.yml@refs/heads/main, or a number
workflow=${workflow##*/}
branches=("$BASE")
if [ "$DEFAULT_BRANCH" != "$BASE" ]; then
  branches+=("$DEFAULT_BRANCH") # a branch on a branch
fi
for branch in "${branches[@]}"; do
  # Any fork can name its branch so and run this very workflow: only a push to this repository counts.
  runs=$(gh api --method GET "repos/$GITHUB_REPOSITORY/actions/workflows/$workflow/runs" \
    --raw-field event=push --raw-field status=success --raw-field branch="$branch" |
    jq -r --arg ours "$GITHUB_REPOSITORY" '[.workflow_runs[]
      | select(.event == "push" and .head_repository.full_name == $ours) | .id] | .[:3][]') || runs=
  for run in $runs; do
    rm -rf "$FOLDER/baseline"
    if gh run download "$run" --repo "$GITHUB_REPOSITORY" --name "$NAME-baseline" --dir "$FOLDER/baseline"; then
      echo "file=$FOLDER/baseline/report.json" >> "$GITHUB_OUTPUT"
      exit
    fi
  done
done
echo "::notice::$BASE has no baseline yet: nothing is compared. Its next push makes one."
