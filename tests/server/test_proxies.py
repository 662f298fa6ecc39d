"""Who may say from where somebody comes: the proxies of the settings, and nobody else."""

import pytest

from server.proxies import TrustedProxies

PROXY, SECOND_PROXY, CLIENT, LIAR = "10.0.0.1", "10.0.0.2", "198.51.100.7", "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"{CLIENT}, {SECOND_PROXY}"], CLIENT),
        (PROXY, [CLIENT, SECOND_PROXY], CLIENT),
        # What a client writes itself stands before what the proxy has added.
        (PROXY, [f"{LIAR}, {CLIENT}"], CLIENT),
        (PROXY, [LIAR, CLIENT], CLIENT),
        (PROXY, [f"{CLIENT}:4711"], CLIENT),
        (PROXY, ["[2001:db8::1]:4711"], "2001:db8::1"),
        (PROXY, [], PROXY),
        (PROXY, [""], PROXY),
        (CLIENT, [LIAR], CLIENT),
        ("unknown", [LIAR], "unknown"),
    ],
)
def test_the_address_of_the_client(peer: str, forwarded_for: list[str], client: str) -> None:
    assert TrustedProxies([PROXY, "10.0.0.2/31"]).client_of(peer, forwarded_for) == client


def test_without_proxies_nobody_is_believed() -> None:
    assert TrustedProxies([]).client_of(PROXY, [LIAR]) == PROXY
