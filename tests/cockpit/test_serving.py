"""The app in a browser: who may reach it, and what its page loads."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, WSServerHandshakeError, web
from aiohttp.test_utils import TestServer

from cockpit.cli import main
from cockpit.serving import ELSEWHERE, Served


async def at(server: Served) -> tuple[TestServer, str]:
    running = TestServer(await server._make_app(), host="localhost")
    await running.start_server()
    server.public_url = str(running.make_url("/")).rstrip("/")
    return running, server.address


def test_only_its_own_page_at_its_own_address_may_drive_it() -> None:
    async def scene() -> None:
        server = Served("true", 0)
        running, address = await at(server)
        async with ClientSession() as client:
            async with client.get(address) as page:
                text = await page.text()
                assert page.status == 200 and server.secret in text
                assert ELSEWHERE.search(text) is None and "googleapis" not in text
            for path in ("/", "/ws", "/static/"):
                async with client.get(server.public_url + path) as refused:
                    assert refused.status in (403, 404), path
            for origin in ("http://evil.example", ""):
                with pytest.raises(WSServerHandshakeError) as refusal:
                    await client.ws_connect(f"{address}ws", headers={"Origin": origin})
                assert refusal.value.status == 403
        await running.close()

    asyncio.run(scene())


def test_the_page_of_textual_would_load_from_elsewhere() -> None:
    """The negative control: without our hand on it there is something to take out."""

    class Bare(Served):
        async def handle_index(self, request: web.Request) -> web.StreamResponse:
            return await super(Served, self).handle_index(request)

    async def scene() -> None:
        running, address = await at(Bare("true", 0))
        async with ClientSession() as client, client.get(address) as page:
            assert ELSEWHERE.search(await page.text())
        await running.close()

    asyncio.run(scene())


def test_two_servers_have_two_addresses() -> None:
    assert Served("true", 0).address != Served("true", 0).address


def test_a_port_that_is_taken_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--serve", str(port)]) == 2
    assert f"port {port}" in capsys.readouterr().err
