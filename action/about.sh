# What this run is about: which pull request, which commit, which branch it is compared with, and who may comment.
#
# Takes the inputs and what GitHub says of the event. FOLDER/inputs will list what is reported on, one a line; a LOG
# stands there at once. Writes to GITHUB_OUTPUT:
#   folder      where everything is put
#   name        the report's name, as one word
#   goes-on     whether there is anything to report on
#   number      the pull request to comment on; none where nobody may
#   base        the branch to compare with
#   sha         the commit
#   run-id      the run of a fork that this one comments on
#   is-fork     whether another workflow must comment, since this one may not
#   is-baseline whether later runs compare with this one
set -euo pipefail

say() { printf '%s=%s\n' "$1" "$2" >> "$GITHUB_OUTPUT"; }

folder=${TEMPORARY//\\//}/tracereport # Windows writes it with other slashes
number='' run_id='' base=${BASE#refs/heads/} goes_on=true is_fork=false is_baseline=false

# A name is part of files' names, and of the comment's first line.
name=$(printf %s "$NAME" | LC_ALL=C tr -cs A-Za-z0-9_. -)
name=${name#-} name=${name%-}
name=${name:-tracereport}

if [ "$EVENT" = workflow_run ]; then
  if [ -n "$RUN$LOG" ]; then
    echo "::error::In a workflow_run workflow nothing is run: it has rights that no pull request's code may get."
    exit 2
  fi
  # Which pull request it is, is asked of GitHub and not of what came from there.
  found=$(gh api --method GET "repos/$GITHUB_REPOSITORY/pulls" --raw-field state=open \
    --raw-field head="$HEAD_OWNER:$HEAD_BRANCH" |
    jq -r --arg sha "$HEAD_SHA" 'first(.[] | select(.head.sha == $sha)) | "\(.number) \(.base.ref)"')
  if [ -n "$found" ]; then
    number=${found%% *} base=${found#* } run_id=$RUN_ID
  else
    echo "::notice::No open pull request has $HEAD_SHA as its head: nothing is said."
    goes_on=false
  fi
elif [ -n "$RUN" ] && [ -n "$LOG" ]; then
  echo "::error::Give the input run or the input log, not both."
  exit 2
elif [ -z "$RUN$LOG" ]; then
  echo "::error::Give the input run, a command that runs the tests, or the input log, a file."
  exit 2
elif [ "$EVENT" = pull_request ]; then
  # Neither gets a token that may comment.
  if [ "$HEAD_REPOSITORY" != "$GITHUB_REPOSITORY" ] || [ "$ACTOR" = 'dependabot[bot]' ]; then
    is_fork=true
  else
    number=$NUMBER
  fi
elif [ "$EVENT" = push ]; then
  is_baseline=true
fi

rm -rf "${folder:?}/${name:?}"
mkdir -p "$folder/$name"
if [ -n "$LOG" ]; then
  grep -v '^[[:space:]]*$' <<< "$LOG" > "$folder/$name/inputs"
fi
say folder "$folder/$name"
say name "$name"
say goes-on "$goes_on"
say number "$number"
say base "$base"
say run-id "$run_id"
say sha "$HEAD_SHA"
say is-fork "$is_fork"
say is-baseline "$is_baseline"
