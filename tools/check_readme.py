#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs what README.md shows, and the first start that it describes, against the built program.

A block marked `sh tour` is run line for line, with the address of a server started for it. Then a
server is started with no data folder and no settings, and the commands that it prints are pasted
into a shell, as a newcomer would.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from evident_process import LogProcess, binary, free_port  # noqa: E402

TOUR = re.compile(r"^```sh tour\n(.*?)^```$", re.M | re.S)
ADDRESS = "http://127.0.0.1:6962"


def shell(script, folder, **more):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, text=True,
                          capture_output=True, check=False, env={**os.environ, **more})
    print("".join(f"  {line}\n" for line in done.stdout.strip().splitlines()), end="")
    if done.returncode != 0:
        print(f"  status {done.returncode}: {done.stderr.strip()[-600:]}")
    return done.returncode == 0


def workplace(folder):
    """A folder in which the README's relative paths lead to this repository."""
    (folder / "tools").symlink_to(ROOT / "tools")
    (folder / ".build" / "release").mkdir(parents=True)
    (folder / ".build" / "release" / "evident").symlink_to(binary())


def check_tour(folder):
    blocks = TOUR.findall((ROOT / "README.md").read_text("utf-8"))
    with LogProcess(folder / "data") as log:
        log.init()
        token = log.token(tenant="acme")
        log.start()
        good = bool(blocks) and all([
            shell(block.replace(ADDRESS, log.url), folder, TOKEN=token, VKEY=log.vkey())
            for block in blocks])
    print(f"README tour: {'as written' if good else 'NOT AS WRITTEN'}")
    return good


def check_first_start(folder):
    """Starts without anything, reads what is printed, and pastes its commands."""
    port = free_port()
    with open(folder / "output", "wb") as output:
        server = subprocess.Popen([binary(), "serve", "--listen", f"127.0.0.1:{port}"],
                                  cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        try:
            text = wait_for_commands(folder / "output", server)
            good = paste(text, folder)
        finally:
            server.terminate()
            stopped = server.wait(120)
    print(f"first start: {'its commands work' if good else 'ITS COMMANDS FAIL'}, "
          f"stopped with status {stopped}")
    return good and stopped == 0


def wait_for_commands(file, server):
    for _ in range(2_400):
        text = file.read_text("utf-8", "replace")
        if "curl" in text and "verify receipt" in text:
            time.sleep(0.3)
            return file.read_text("utf-8", "replace")
        if server.poll() is not None:
            raise RuntimeError(f"serve ended with {server.returncode}: {text[-600:]}")
        time.sleep(0.05)
    raise RuntimeError(f"no curl and verify command were printed: {text[-600:]}")


def paste(text, folder):
    """Runs the printed commands: the token, the one with curl, and the one that verifies."""
    joined = re.sub(r"\\\n\s*", " ", text)
    commands = [line.strip() for line in joined.splitlines()
                if re.match(r"\s*(TOKEN=|curl |\S*evident'? verify)", line)]
    path = f"{pathlib.Path(binary()).parent}:{os.environ['PATH']}"
    return len(commands) >= 3 and shell("\n".join(commands), folder, PATH=path)


def main():
    good = True
    for check in (check_tour, check_first_start):
        with tempfile.TemporaryDirectory(dir=ROOT / ".build") as name:
            folder = pathlib.Path(name)
            workplace(folder)
            good &= check(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
