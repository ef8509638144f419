# Runs the command TRACEREPORT_RUN and keeps the calls that it traces.
#
# FOLDER/inputs then names them. Where there will be no report, GITHUB_OUTPUT gets `why`, the reason in a sentence, and
# `status`, the exit code of the whole.
set -euo pipefail

folder=$TRACEREPORT_FOLDER command=$TRACEREPORT_RUN
unset TRACEREPORT_ACTION TRACEREPORT_FOLDER TRACEREPORT_RUN

give_up() {
  printf 'status=%s\nwhy=There is no report: %s\n' "$1" "$2" >> "$GITHUB_OUTPUT"
  exit
}

separator=: bin=$folder/venv/bin
if [ ! -d "$bin" ]; then # Windows
  separator=';' bin=$folder/venv/Scripts
fi
export PYTHONPATH="$folder/emitter${PYTHONPATH:+$separator$PYTHONPATH}"
export RUST_BACKTRACE="${RUST_BACKTRACE:-1}" # names the callers
# The inner shell notes how the command ended: without any trace `tracereport run` has an exit code of its own.
# shellcheck disable=SC2016 # it is the inner shell that fills these in
noting='status=0; bash -eo pipefail -c "$0" || status=$?; echo "$status" > "$1"; exit "$status"'
measured=0
"$bin/tracereport" run --quiet -o "$folder/measured.parquet" \
  -- bash -c "$noting" "$command" "$folder/tests-status" || measured=$?
status=$(cat "$folder/tests-status" 2> /dev/null || echo "$measured")
if [ "$status" != 0 ]; then
  give_up "$status" "the tests failed with exit code $status."
elif [ ! -f "$folder/measured.parquet" ]; then
  give_up "$measured" "the tests wrote no traces."
fi
printf '%s\n' "$folder/measured.parquet" > "$folder/inputs"
