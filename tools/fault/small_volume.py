# SPDX-License-Identifier: Apache-2.0
"""Small file systems that fill up: one on a loop device, one in memory. Need root."""

import contextlib
import os
import subprocess

MEBI = 1 << 20


class Volume:
    """A small ext4 file system, with a file in it that takes room and gives it back."""

    def __init__(self, folder, megabytes):
        image, self.mount = folder / "disk.img", folder / "disk"
        self.mount.mkdir()
        with open(image, "wb") as file:
            file.truncate(megabytes * MEBI)
        # No blocks kept for root, as whom this runs: full is full.
        self.call("mkfs.ext4", "-q", "-F", "-m", "0", "-J", "size=4", str(image))
        self.call("mount", "-o", "loop", str(image), str(self.mount))
        self.filler = self.mount / "filler"

    @staticmethod
    def call(*line):
        subprocess.run(line, check=True, capture_output=True)

    @property
    def free(self):
        found = os.statvfs(self.mount)
        return found.f_bavail * found.f_frsize

    @property
    def reserve(self):
        """What the log keeps free: 256 MiB, or a twentieth of the volume if that is less."""
        found = os.statvfs(self.mount)
        return min(256 * MEBI, found.f_blocks * found.f_frsize // 20)

    def fill(self, leave):
        """Takes all room but `leave` bytes."""
        with open(self.filler, "ab") as file:
            while (more := self.free - leave) > 0:
                size = file.seek(0, os.SEEK_END)
                # What the file system needs to describe the file comes off as well.
                os.posix_fallocate(file.fileno(), size, max(4096, more - more // 512))
            file.truncate()
        os.sync()

    def make_room(self):
        self.filler.unlink()
        os.sync()

    @contextlib.contextmanager
    def mounted(self):
        try:
            yield self
        finally:
            subprocess.run(["umount", "--lazy", str(self.mount)], capture_output=True, check=False)


class SmallMemory:
    """A file system in memory (tmpfs) that is too small, until it is grown."""

    def __init__(self, folder, kibibytes):
        self.path = folder / "volume"
        self.path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", self.path],
                       check=True)

    def grow(self, mebibytes=64):
        subprocess.run(["mount", "-o", f"remount,size={mebibytes}m", self.path], check=True)


@contextlib.contextmanager
def small_memory(log, folder, kibibytes):
    """A volume that `log` writes to and fills; the log is stopped before it goes. None without root."""
    if os.geteuid() != 0:
        print("  not root: the full volume was left out", flush=True)
        yield None
        return
    volume = SmallMemory(folder, kibibytes)
    try:
        yield volume
    finally:
        log.stop()
        subprocess.run(["umount", volume.path], check=True)
        volume.path.rmdir()
