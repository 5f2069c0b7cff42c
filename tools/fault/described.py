#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends requests that schemathesis (PyPI) makes up from spec/openapi.yaml to a running server: none
may end in a failure of the server, and every answer is of a status, type and form that the
description has.

    tools/fault/described.py --seconds 120     as a producer, then as an auditor

The first run installs schemathesis below .build/. What a description cannot say (that `first` is not
above `second`) is not checked, nor what it is silent of.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from evident_process import LogProcess, Producer, record  # noqa: E402

VERSION = "4.32.5"
VENV = ROOT / ".build" / "schemathesis"
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance", "unsupported_method",
          "allow_header_conformance", "ignored_auth"]
# The socket's routes, answers that do not end, and a verification at a time.
LEFT_OUT = "^/v1/admin|/stream$|/v1/audit/verify$"


def install():
    if (VENV / VERSION).exists():
        return
    print(f"installing schemathesis {VERSION} below .build/", flush=True)
    subprocess.run(["/usr/bin/python3", "-m", "venv", VENV], check=True)
    subprocess.run([VENV / "bin" / "python", "-m", "pip", "--quiet", "--no-cache-dir",
                    "--disable-pip-version-check", "install", f"schemathesis=={VERSION}"],
                   check=True)
    (VENV / VERSION).touch()


def fuzz(log, token, selection, options):
    """True if nothing was found."""
    line = [VENV / "bin" / "schemathesis", "run", ROOT / "spec" / "openapi.yaml", "--url", log.url,
            "--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing", "--max-examples", "50",
            "--seed", str(options.seed), "--max-time", str(options.seconds),
            "--continue-on-failure", "--no-color", "--warnings", "off",
            "--header", f"Authorization: Bearer {token}", *selection]
    return subprocess.run(line, check=False, cwd=log.data.parent).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each of the two roles")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    install()
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as name:
        with LogProcess(pathlib.Path(name) / "data") as log:
            log.init()
            producer, auditor = log.token(tenant="acme"), log.token("auditor")
            log.start()
            lines = "\n".join(json.dumps(record(number)) for number in range(300)) + "\n"
            Producer(log, producer).post(lines, kind="application/x-ndjson")
            good = fuzz(log, producer, ["--include-operation-id", "submitRecords"], options)
            good &= fuzz(log, auditor, ["--exclude-path-regex", LEFT_OUT + "|^/v1/audit$"], options)
            stopped = log.stop()
    print(f"described: {'nothing found' if good else 'see above'}; "
          f"the server stopped with status {stopped}")
    return 0 if good and stopped == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
