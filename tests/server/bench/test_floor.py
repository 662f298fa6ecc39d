"""The floor does the same work as the others: it takes poses and delivers them to all of a room."""

from hypothesis import given
from hypothesis import strategies as st

from server.bench.cases import case_of
from server.bench.floor import record_of
from server.bench.raw_socket import masked_frame
from server.bench.realtime import FLOOR, RealtimeSpec, measure_yardstick
from server.wire import codec
from server.wire.messages import BY_NAME

POSE = BY_NAME["Pose"].number


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=3))
def test_of_several_poses_the_last_record_is_unmasked(records: list[bytes]) -> None:
    frames = [masked_frame(codec.encode(POSE, 1_700_000_000_000, record)) for record in records]
    assert record_of(b"".join(frames)) == records[-1]


def test_less_than_a_pose_is_nothing() -> None:
    assert record_of(b"") == b""
    assert record_of(bytes(50)) == b""


async def test_a_short_measurement_of_rooms_counts_sensibly() -> None:
    spec = RealtimeSpec(seconds=1.0, warm_up_s=0.5)
    measured = await measure_yardstick(spec, case_of("2x3"), FLOOR)
    assert measured.updates > 2 * 3 * 2 * 5
    assert 5 < measured.rate_hz < 30
