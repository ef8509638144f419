# Fetches the table of calls that the run RUN_ID of a fork has left: data that nobody vouches for, and that is never run.
#
# FOLDER/inputs then names it. Where there is none, GITHUB_OUTPUT gets `why`, the reason in a sentence, and `status`, the
# exit code of the whole.
set -euo pipefail

give_up() {
  printf 'status=%s\nwhy=There is no report: %s\n' "$1" "$2" >> "$GITHUB_OUTPUT"
  exit
}

if ! gh run download "$RUN_ID" --repo "$GITHUB_REPOSITORY" --name "$NAME-calls" --dir "$FOLDER/untrusted"; then
  give_up 0 "the tests ended before there was one."
fi
calls=$FOLDER/untrusted/calls.parquet
if [ -L "$calls" ] || [ ! -f "$calls" ]; then
  give_up 2 "what was handed over is no table of calls."
fi
printf '%s\n' "$calls" > "$FOLDER/inputs"
