"""Recordings of rooms that have ended are written to their end and let go."""

from pathlib import Path

from server.recorder import Recorder, RecorderLimits


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
