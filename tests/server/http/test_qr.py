"""QR codes: an SVG that is whole in itself, dark on white."""

from xml.etree import ElementTree as ET

import pytest

from server.http.qr import MODULE_UNITS, QUIET_ZONE_MODULES, qr_response, qr_svg


@pytest.mark.parametrize("text", ["https://shop.example/pay/K7WQ2M9XTB", "solana:" + "x" * 600])
def test_an_svg_with_a_quiet_zone(text: str) -> None:
    root = ET.fromstring(qr_svg(text))  # noqa: S314 - our own
    frame = 2 * QUIET_ZONE_MODULES
    modules = int(root.attrib["width"]) // MODULE_UNITS - frame
    # Version 1 has 21 modules to a side and each further one four more: ISO/IEC 18004.
    assert modules >= 21
    assert (modules - 21) % 4 == 0
    assert root.attrib["width"] == root.attrib["height"]


def test_other_texts_have_other_codes_and_the_same_has_the_same() -> None:
    assert qr_svg("one") != qr_svg("two")
    assert qr_svg("one") == qr_svg("one")
    assert "<script" not in qr_svg("<script>")
    assert qr_response("one").media_type == "image/svg+xml"
