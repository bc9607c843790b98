"""A QR code as SVG, for the address that an authenticator app reads."""

import io


def svg(text: str) -> str:
    """The drawing, with a white ground, so that it can be read from a dark page too."""
    import segno  # noqa: PLC0415 - few containers ever draw one

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", scale=6, border=4, light="#ffffff", xmldecl=False, svgclass=None, lineclass=None
    )
    return out.getvalue().decode()
