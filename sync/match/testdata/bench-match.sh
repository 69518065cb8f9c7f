#!/bin/sh
# make bench-match: the matcher's figures beside Medplum's rules and the CMS
# reference engine, on the same pairs, and alone on all reporting seeds. The engine goes into .interop/ (git
# ignores it; PYTHON=/path names the interpreter); without Python 3.12 or without the network it is left out, and
# the run says so.
set -u
cd "$(dirname "$0")/../../.." || exit 1
venv=.interop/match
engine=cms-hte-patient-matching==0.0.12
reference=
if [ ! -x $venv/bin/python ]; then
	for python in ${PYTHON:-} python3.14 python3.13 python3.12 python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python; do
		if $python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
			$python -m venv $venv && break
		fi
	done
fi
if [ ! -x $venv/bin/python ]; then
	echo "bench-match: no Python 3.12 or newer with venv here: without the reference engine"
elif $venv/bin/python -c 'import patient_matching' 2>/dev/null ||
	$venv/bin/python -m pip install -q --disable-pip-version-check $engine; then
	reference=$PWD/$venv/bin/python
else
	echo "bench-match: $engine cannot be installed: without the reference engine"
fi
SHLKIOSK_MATCH_FULL=1 SHLKIOSK_MATCH_REFERENCE=$reference exec go test ./sync/match -count=1 -v -timeout 20m -run 'TestFigures|TestPools' -bench Compare -benchmem
