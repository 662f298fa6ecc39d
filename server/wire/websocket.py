"""Binary WebSocket frames from the server (RFC 6455, section 5.2): unmasked, so one copy of the
bytes serves every receiver."""

FINAL_BINARY = 0x82


def binary_frame(payload: bytes) -> bytes:
    """The payload as one whole frame."""
    length = len(payload)
    if length < 126:
        return bytes((FINAL_BINARY, length)) + payload
    if length < 65_536:
        return bytes((FINAL_BINARY, 126)) + length.to_bytes(2, "big") + payload
    return bytes((FINAL_BINARY, 127)) + length.to_bytes(8, "big") + payload
