"""Base58, and what is a public key."""

from commerce.payments.base58 import base58, is_public_key
from commerce.payments.solana_pay import reference_of


def test_base58() -> None:
    # The example of https://datatracker.ietf.org/doc/html/draft-msporny-base58-03, section 5.
    assert base58(b"Hello World!") == "2NEpo7TZRRrLZSi2U"
    assert base58(bytes.fromhex("0000287fb4cd")) == "11233QC4"
    assert is_public_key(reference_of("attempt-1"))
    assert not is_public_key("0OIl")
