"""The one TCP port: bound before anything is opened, and where it is to be found."""

import socket

from server.config import Settings
from server.errors import GalleriaError


def open_port(settings: Settings) -> socket.socket:
    """Bind the port; raises PORT_UNAVAILABLE with what to do. It does not listen yet."""
    host, number = settings.listen.host, settings.listen.port
    port = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        port.bind((host, number))
    except OSError as error:
        port.close()
        raise GalleriaError(
            "PORT_UNAVAILABLE",
            f"{host}:{number} cannot be opened ({error.strerror}). Stop what uses it, or choose "
            "another port: PORT=9000 make demo, or galleria serve --port 9000.",
            {"host": host, "port": number},
        ) from error
    return port


def url_of_port(number: int, settings: Settings) -> str:
    """Where clients find the server when it has got this port."""
    if settings.listen.public_url:
        return settings.listen.public_url
    host = settings.listen.host
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - shown, not bound
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{number}"
