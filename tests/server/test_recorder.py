"""Recordings of rooms that have ended are written to their end and let go."""

from pathlib import Path

from server.recorder import Recorder, RecorderLimits


async def test_recordings_of_somebody_who_is_forgotten_are_deleted(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, RecorderLimits())
    hers, ended = recorder.open("hall", {}, 1_000), recorder.open("old", {"who": "person-1"}, 1)
    others = recorder.open("yard", {"who": "person-2"}, 1_000)
    ended.close("")
    hers.step(1_050, (), b"person-1", lambda: "hash")
    assert await recorder.erase("person-1") == 2
    hers.step(1_100, (), b"more", lambda: "hash")
    others.step(1_100, (), b"more", lambda: "hash")
    await recorder.flush()
    assert not hers.path.exists()
    assert not ended.path.exists()
    assert b"more" in others.path.read_bytes()
    assert await recorder.erase("person-1") == 0


async def test_a_recording_that_another_process_has_deleted_is_not_begun_anew(
    tmp_path: Path,
) -> None:
    ours, other = Recorder(tmp_path, RecorderLimits()), Recorder(tmp_path, RecorderLimits())
    journal = ours.open("hall", {"who": "person-1"}, 1_000)
    await ours.flush()
    assert await other.erase("person-1") == 1
    journal.step(1_050, (), b"person-1", lambda: "hash")
    await ours.flush()
    assert not journal.path.exists()
    assert journal.full


async def test_a_recording_that_is_closed_is_written_and_forgotten(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, RecorderLimits())
    used = recorder.open("hall", {}, 1_000)
    recorder.open("hall-2", {}, 1_000).close("")
    await recorder.flush()
    assert len(recorder) == 1
    used.step(1_050, (), b"", lambda: "hash")
    used.close("the last")
    assert len(recorder) == 1
    await recorder.flush()
    assert len(recorder) == 0
    assert b"the last" in used.path.read_bytes()
