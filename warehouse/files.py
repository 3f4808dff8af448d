"""Files that are whole or not there.

Holds: write beside and rename, flush to disk, copy in a child process.
Belongs here: what the raw store, the published copy and the backups share.
Never here: what the bytes mean.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

from warehouse.connections import disk_full, is_disk_full
from warehouse.errors import StorageError

# Run in a child: a database file opened and closed in this process would drop this process's locks on it.
_COPY = """
import os, shutil, sys
source, target = sys.argv[1:]
with open(source, "rb") as read, open(target, "wb") as write:
    try:
        import fcntl
        fcntl.ioctl(write.fileno(), 0x40049409, read.fileno())  # share the blocks where the file system can
    except (ImportError, OSError):
        shutil.copyfileobj(read, write, 1 << 20)
    write.flush()
    os.fsync(write.fileno())
"""


def temporary_beside(path: Path) -> Path:
    """A fresh name in the same folder (a rename is atomic only there); cleaned up by `remove_temporaries`."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")


def remove_temporaries(folder: Path) -> None:
    """Remove what killed processes left in a folder. The caller holds the writer's lock."""
    for left in folder.glob(".*.part"):
        left.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_whole(source: Path, target: Path, *, mode: int) -> None:
    """Copy a closed database file to `target`: whole and flushed, or not at all.

    The copy keeps the source's modification time, by which a reader tells whether it is the newest. Raises
    `StorageError`, also for a full disk; a former `target` then still stands.
    """
    temporary = temporary_beside(target)
    try:
        _copy_in_child(source, temporary)
        stat = source.stat()
        os.utime(temporary, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        temporary.chmod(mode)
        temporary.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(target, error) from error
        raise StorageError("the copy could not be written", where=str(target), why=str(error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _copy_in_child(source: Path, target: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _COPY, str(source), str(target)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["the copying process was ended"])[-1]
        error = OSError(said)
        raise (
            disk_full(target, error)
            if is_disk_full(error)
            else StorageError("the database could not be copied", where=str(target), why=said)
        )
