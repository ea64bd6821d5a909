"""The same app in a browser: textual's own server, on this machine, behind an address nobody can guess.

Whoever reaches the socket can stop and launch runs. So it listens on localhost alone, its address holds a secret, pages
of other sites are refused by their origin, and the page loads nothing from elsewhere.
"""

from __future__ import annotations

import logging
import re
import secrets
import shlex
import sys
from collections.abc import Sequence

from engine.errors import Unusable

try:
    import aiohttp_jinja2
    import jinja2
    from aiohttp import web
    from textual_serve.server import Server
except ImportError as error:
    raise Unusable(
        f"--serve needs {error.name}", fix="pip install 'training-cockpit[serve]'"
    ) from None

HOST = "localhost"
ELSEWHERE = re.compile(r"<link\b[^>]*https?://[^>]*>", re.DOTALL)


class Served(Server):
    """One process of the app for each page that is open."""

    def __init__(self, command: str, port: int) -> None:
        super().__init__(command, host=HOST, port=port, title="cockpit")
        self.secret = secrets.token_urlsafe(16)

    @property
    def address(self) -> str:
        return f"{self.public_url}/{self.secret}/"

    def initialize_logging(self) -> None:
        """Its own would print the values of variables."""
        logging.basicConfig(level="WARNING", format="%(message)s")

    async def _make_app(self) -> web.Application:
        app = web.Application()
        aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(self.templates_path))
        app.add_routes(
            [
                web.get(f"/{self.secret}/", self.handle_index, name="index"),
                web.get(f"/{self.secret}/ws", self.handle_websocket, name="websocket"),
                web.static("/static", self.statics_path, name="static"),
            ]
        )
        app.on_startup.append(self.on_startup)
        return app

    async def on_startup(self, app: web.Application) -> None:
        print(f"cockpit: {self.address}\nCtrl-C ends it; runs go on.", file=sys.stderr, flush=True)

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        page = await super().handle_index(request)
        assert isinstance(page, web.Response)
        page.text = ELSEWHERE.sub("", page.text or "")
        return page

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        if request.headers.get("Origin") != self.public_url:
            raise web.HTTPForbidden(text="another site's page")
        return await super().handle_websocket(request)


def serve(words: Sequence[str], port: int) -> int:
    """Until Ctrl-C. `words` are those of the command line, without --serve."""
    command = shlex.join([sys.executable, "-m", "cockpit", *words])
    try:
        Served(command, port).serve()
    except OSError as error:
        raise Unusable(
            f"cannot listen on port {port}: {error.strerror}",
            fix="cockpit --serve PORT takes another",
        ) from error
    return 0
