"""The raw store keeps every byte by its hash, privately, and notices damage."""

from __future__ import annotations

import datetime as dt
import errno
import gzip
import hashlib
import os
import stat
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.errors import NotFound, StorageError
from warehouse.raw_store import RawStore


@pytest.fixture
def store(tmp_path: Path) -> RawStore:
    return RawStore(tmp_path / "raw")


@given(data=st.binary(max_size=2000))
def test_bytes_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    store = RawStore(tmp_path_factory.getbasetemp() / "raw-property")
    kept = store.put_bytes(data)
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    assert kept.size == len(data)
    assert store.read(kept.sha256) == data


def test_a_file_is_kept_once_however_often_and_wherever_it_is_read(store: RawStore, tmp_path: Path) -> None:
    source, copy = tmp_path / "a.json", tmp_path / "b.json"
    data = b'{"fee": 0.10}' * 200_000
    source.write_bytes(data)
    copy.write_bytes(data)
    first, second, third = store.put(source), store.put(copy), store.put_bytes(data)
    assert (first.stored_now, second.stored_now, third.stored_now) == (True, False, False)
    assert first.sha256 == second.sha256 == third.sha256
    assert list(store.names()) == [first.sha256]
    assert store.read(first.sha256) == data


def test_a_rewritten_source_is_a_further_file(store: RawStore, tmp_path: Path) -> None:
    source = tmp_path / "a.json"
    source.write_bytes(b"one")
    first = store.put(source)
    source.write_bytes(b"two")
    second = store.put(source)
    assert (store.read(first.sha256), store.read(second.sha256)) == (b"one", b"two")


def test_what_is_kept_is_private(store: RawStore) -> None:
    kept = store.put_bytes(b"account 5WX00000")
    assert stat.S_IMODE(store.path_of(kept.sha256).stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_the_same_bytes_always_make_the_same_stored_file(store: RawStore, tmp_path: Path) -> None:
    other = RawStore(tmp_path / "other")
    sha256 = store.put_bytes(b"abc" * 1000).sha256
    other.put_bytes(b"abc" * 1000)
    assert store.path_of(sha256).read_bytes() == other.path_of(sha256).read_bytes()


def packed(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


def test_files_that_an_earlier_release_packed_with_gzip_are_still_read(store: RawStore) -> None:
    data = b"0.2 and later write zstandard"
    sha256 = hashlib.sha256(data).hexdigest()
    store.folder.mkdir()
    (store.folder / f"{sha256}.gz").write_bytes(gzip.compress(data))
    assert store.read(sha256) == data
    assert list(store.names()) == [sha256]
    assert not store.put_bytes(data).stored_now
    assert len(list(store.folder.iterdir())) == 1


def test_a_large_file_comes_in_blocks_that_are_checked_at_the_end(store: RawStore) -> None:
    data = os.urandom(1000) * 9000
    sha256 = store.put_bytes(data).sha256
    blocks = list(store.blocks(sha256))
    assert len(blocks) > 1
    assert b"".join(blocks) == data
    store.path_of(sha256).write_bytes(packed(data[:-1]))
    blocks_of_another = store.blocks(sha256)
    with pytest.raises(StorageError, match="damaged"):
        list(blocks_of_another)


@pytest.mark.parametrize("damaged", [b"", b"not packed", packed(b"other bytes"), packed(os.urandom(1000))[:-5]])
def test_damaged_bytes_are_never_handed_out(store: RawStore, damaged: bytes) -> None:
    sha256 = store.put_bytes(b"the bytes").sha256
    store.path_of(sha256).write_bytes(damaged)
    with pytest.raises(StorageError, match="damaged"):
        store.read(sha256)


def test_bytes_that_were_never_stored_are_not_found(store: RawStore) -> None:
    with pytest.raises(NotFound):
        store.read("0" * 64)


@pytest.mark.parametrize("name", ["", "../secret", "A" * 64, "0" * 63])
def test_a_name_that_is_no_hash_never_reaches_the_file_system(store: RawStore, name: str) -> None:
    with pytest.raises(ValueError, match="sha256"):
        store.read(name)


def test_a_full_disk_is_named_and_leaves_nothing_behind(store: RawStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="no space left") as caught:
        store.put_bytes(b"data")
    assert caught.value.remedy
    assert list(store.folder.iterdir()) == []


def test_pruning_takes_old_files_that_nothing_needs_and_only_when_told(store: RawStore) -> None:
    old, needed, new = (store.put_bytes(data).sha256 for data in (b"old", b"needed", b"new"))
    long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    for sha256 in (old, needed):
        os.utime(store.path_of(sha256), (long_ago.timestamp(), long_ago.timestamp()))
    limit = dt.datetime(2021, 1, 1, tzinfo=dt.UTC)
    planned = store.prune(limit, keep={needed})
    assert [(one.sha256, one.stored_at) for one in planned] == [(old, long_ago)]
    assert store.holds(old)
    assert store.prune(limit, keep={needed}, dry_run=False) == planned
    assert sorted(store.names()) == sorted([needed, new])
