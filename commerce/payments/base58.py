"""Base58: how Solana writes public keys and signatures."""

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
KEY_BYTES = 32


def base58(content: bytes) -> str:
    """Bytes in base58 as Bitcoin and Solana write it: leading zeros are leading ones."""
    number, digits = int.from_bytes(content, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + digits


def is_public_key(text: str) -> bool:
    """Whether this is base58 of 32 bytes."""
    number = 0
    for character in text:
        place = _ALPHABET.find(character)
        if place < 0:
            return False
        number = number * 58 + place
    ones = len(text) - len(text.lstrip("1"))
    return ones + (number.bit_length() + 7) // 8 == KEY_BYTES
