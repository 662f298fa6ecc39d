"""QR codes as SVG: an address that a phone takes off a headset's or a desktop's screen."""

import io

import segno
from starlette.responses import Response

SVG_MEDIA_TYPE = "image/svg+xml"

ERROR_LEVEL = "m"
"""About 15 % of a code may be hidden by glare or fingers: ISO/IEC 18004, level M."""

QUIET_ZONE_MODULES = 4
"""Width of the blank frame that readers need: ISO/IEC 18004, quiet zone."""

MODULE_UNITS = 8


def qr_svg(text: str) -> str:
    """The QR code of a text as an SVG element, dark on white whatever is behind it."""
    out = io.BytesIO()
    segno.make(text, error=ERROR_LEVEL, micro=False).save(
        out,
        kind="svg",
        xmldecl=False,
        nl=False,
        scale=MODULE_UNITS,
        border=QUIET_ZONE_MODULES,
        dark="#000",
        light="#fff",
    )
    return out.getvalue().decode()


def qr_response(text: str) -> Response:
    """The QR code of a text as an image."""
    return Response(qr_svg(text), media_type=SVG_MEDIA_TYPE)
