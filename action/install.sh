# Installs tracereport from the checkout of this action, and what it needs at pinned versions with their hashes.
#
# It gets an environment of its own in FOLDER, so that the project's isn't touched. Beside it lies the Python emitter,
# which the tests find by PYTHONPATH: `pytest --perf-trace` then needs nothing in the project.
set -euo pipefail

python=
for candidate in python3 python python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
  if "$candidate" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "::error::tracereport needs Python 3.11 or later with venv: put actions/setup-python before this step."
  exit 2
fi

"$python" -m venv "$FOLDER/venv"
bin=$FOLDER/venv/bin
if [ ! -d "$bin" ]; then
  bin=$FOLDER/venv/Scripts # Windows
fi
pip=("$bin/python" -m pip --quiet --disable-pip-version-check)
"${pip[@]}" install --require-hashes --only-binary :all: --requirement "$ACTION/action/requirements.txt"
"${pip[@]}" install --no-deps --no-build-isolation "$ACTION"
"${pip[@]}" install --no-deps --no-build-isolation --target "$FOLDER/emitter" "$ACTION/emitters/python"
