# SPDX-License-Identifier: Apache-2.0
"""What operators did after a backup, and what a restore of it makes of that: erasures, prunes, holds."""

import datetime
import json
import shutil
import time

from backup_scene import Scene, found_in, size_of
from evident_process import binary


def erased_since(scene, receipts):
    """What was erased after the backup goes again; a mirror brings the rest of the tree."""
    scene.backup("before-erasure")
    checks, data, mirror = scene.checks, scene.log.data, scene.work / "mirror"
    gone, reduced = receipts[3]["index"], receipts[4]["index"]
    checks.run("erase a record", binary(), "erase", "--data", data, "--record", gone, "--because",
               "test", "--yes")
    checks.run("erase fields", binary(), "erase", "--data", data, "--record", reduced, "--field",
               "details", "--field", "labels", "--because", "test", "--yes")
    scene.submit(5, "later")
    checks.run("mirror", binary(), "mirror", scene.log.url, "--vkey", scene.vkey, "--to", mirror,
               "--once")
    checks.expect("the backup still has it", bool(found_in(scene.work / "before-erasure", [3])))
    anchor = scene.work / "kept-anchor"
    for end in ("", ".erasures"):
        shutil.copy(f"{data}/anchor{end}", f"{anchor}{end}")
    scene.refused("an anchor that is ahead", "before-erasure", "back", "--anchor", anchor, want=5,
                  word="rolled back")
    scene.refused("a mirror that is ahead", "before-erasure", "back", "--mirror", mirror, want=5,
                  word="--refill")
    scene.refused("a ledger that is ahead", "before-erasure", "back", "--ledger",
                  f"{anchor}.erasures", "--accept-as-newest", want=5, word="erasure ledger")
    size = size_of(scene.work / "before-erasure")
    lost = int((mirror / "checkpoint").read_text().split("\n")[1]) - size
    scene.restore("with anchor and mirror", "before-erasure", "back", "--anchor", anchor, "--mirror",
                  mirror, "--refill")
    back = scene.work / "back"
    left = found_in(back, [3, 4])
    checks.expect("nothing that was erased is in any byte", not left, str(left))
    checks.expect("the rest is there", len(found_in(back, [2, 5])) > 0)
    scene.sound("after erasures", "back", {"erased": 1, "lost": lost})
    checks.expect("nor after a start", not found_in(back, [3, 4]))


def restored_by_hand(scene):
    """The store alone, put back by hand and completed by `recover`: erased content goes as well."""
    back, mirror = scene.work / "by-hand", scene.work / "mirror"
    shutil.copytree(scene.log.data, back, ignore=lambda folder, names: [
        name for name in names if name.endswith(".sock")])
    shutil.rmtree(back / "store")
    shutil.copytree(scene.work / "before-erasure/store", back / "store")
    scene.checks.run("recover a store that was put back", binary(), "recover", "--data", back,
                     "--from", mirror)
    scene.sound("after recover", "by-hand", {"erased": 1})
    left = found_in(back, [3, 4])
    scene.checks.expect("nothing that was erased is in any byte after recover", not left, str(left))


def held_since(scene):
    """A prune and a hold after the backup: what is pruned goes again as pruned, and a hold of which only
    its index is known keeps everything else."""
    (scene.work / "holds").mkdir()
    world, checks = Scene(scene.work / "holds", scene.random), scene.checks
    world.checks = checks
    with world.log:
        log, mirror, anchor = world.log, world.work / "mirror", world.work / "kept-anchor"
        old = world.submit(3, "old")
        time.sleep(2.1)  # the log's times are whole seconds
        young = world.submit(3, "young")
        world.backup("before")
        time.sleep(2.1)  # a leaf's time, rounded up, may be later than what the log vouches for
        moment = datetime.datetime.fromtimestamp(young[0]["timestamp_ms"] / 1000, datetime.UTC)
        checks.run("prune", binary(), "prune", "--data", log.data, "--before", moment.isoformat(),
                   "--because", "test", "--trust-clock", "--yes")
        held = young[0]["index"]
        line = [binary(), "hold", "place", "--data", log.data, "--because", "case-1", "--from-index"]
        gone = checks.run("place a hold", *line, 0, "--to-index", 1).stdout.strip()
        hold = int(checks.run("place another", *line, held, "--to-index", held + 1).stdout)
        checks.run("release one", binary(), "hold", "release", gone, "--data", log.data, "--because",
                   "done")
        checks.run("mirror", binary(), "mirror", log.url, "--vkey", world.vkey, "--to", mirror, "--once")
        for end in ("", ".erasures"):
            shutil.copy(f"{log.data}/anchor{end}", f"{anchor}{end}")
        world.stop()
        size = size_of(world.work / "before")
        lost = int((mirror / "checkpoint").read_text().split("\n")[1]) - size
        done = world.restore("with a lost hold", "before", "back", "--anchor", anchor, "--mirror", mirror,
                             "--refill")
        told = json.loads(done.stdout or "{}")
        checks.expect("it names the hold that is lost", told.get("lost_holds") == [hold], str(told))
        back = world.work / "back"
        world.sound("after a lost hold", "back", {"pruned": len(old), "erased": 0, "lost": lost})
        left = found_in(back, range(len(old)))
        checks.expect("what was pruned is in no byte", not left, str(left))
        erase = [binary(), "erase", "--data", back, "--record", young[1]["index"], "--because", "test",
                 "--yes"]
        refused = checks.run("nothing else is erased", *erase, want=2)
        checks.expect("because of the hold", "of the holds" in refused.stderr, refused.stderr)
        listed = checks.run("it is listed", binary(), "hold", "list", "--data", back, "--json").stdout
        checks.expect("as lost", [(h["index"], h.get("lost")) for h in json.loads(listed)["holds"]]
                      == [(hold, True)], listed)
        checks.run("placed again", binary(), "hold", "place", "--data", back, "--because", "case-1",
                   "--from-index", held, "--to-index", held + 1)
        checks.run("the lost one is released", binary(), "hold", "release", hold, "--data", back,
                   "--because", "placed-again")
        checks.run("then it is erased", *erase)
        world.sound("after that", "back", {"pruned": len(old), "erased": 1, "lost": lost})
