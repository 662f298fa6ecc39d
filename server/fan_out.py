"""Sends what moved to those who see it: every frame is built once, however many receive it."""

from collections.abc import Mapping
from dataclasses import dataclass

from rooms.avatars import POSE_BYTES
from rooms.views import HEAD_BYTES, View
from server.session import Session
from server.wire import codec
from server.wire.messages import BY_NAME
from server.wire.websocket import binary_frame

_POSES, _HEADS = BY_NAME["Poses"].number, BY_NAME["Heads"].number


@dataclass(slots=True)
class PoseTraffic:
    """Poses in and out since the start. `encoded` frames were built for `frames_out` sent ones;
    `updates` are states of one avatar sent to one client."""

    frames_in: int = 0
    bytes_in: int = 0
    encoded: int = 0
    frames_out: int = 0
    bytes_out: int = 0
    updates: int = 0


def frames_of(view: View, now_ms: int) -> bytes:
    """A view as WebSocket frames, one behind the other, at most one of each kind."""
    frames = b""
    if view.records:
        frames = binary_frame(codec.encode(_POSES, now_ms, view.records))
    if view.heads:
        frames += binary_frame(codec.encode(_HEADS, now_ms, view.heads))
    return frames


def send_view(
    view: View,
    sessions: Mapping[int, Session],
    behind: set[int],
    now_ms: int,
    traffic: PoseTraffic,
) -> None:
    """Send one view to its receivers; who does not take it is put into `behind`."""
    frames = frames_of(view, now_ms)
    traffic.encoded += 1
    sent = 0
    for avatar_id in view.receivers:
        session = sessions.get(avatar_id)
        if session is None or session.connection is None:
            continue
        if avatar_id in behind:
            session.connection.skip_poses()
        elif session.connection.send_poses(frames):
            sent += 1
        else:
            behind.add(avatar_id)
    traffic.frames_out += sent
    traffic.bytes_out += sent * len(frames)
    avatars = len(view.records) // POSE_BYTES + len(view.heads) // HEAD_BYTES
    traffic.updates += sent * avatars
