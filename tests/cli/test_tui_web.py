"""`papertape tui --web`: the page, the websocket behind it, and who is turned away."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import aiohttp
import pytest
from tests.cli.program import PROGRAM, document, refusal


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where the UI of a ledger with one session is served, and that session's id."""
    folder = tmp_path_factory.mktemp("home")
    url = f"sqlite:///{folder / 'ledger.db'}"
    name = document("run", "--strategy", "ema-cross", "--bars", 30, "--db", url)["session"]
    command = [*PROGRAM, "tui", "--web", "--port", "0", "--session", name, "--db", url]
    environment = os.environ | {"PAPERTAPE_HOME": str(folder)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stderr is not None
            said = server.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            assert found, said
            yield found[0], name
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(timeout=10) == 0


async def fetched(address: str, **headers: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as client:
        for _ in range(100):
            try:
                async with client.get(address, headers=headers) as answer:
                    return answer.status, await answer.text()
            except aiohttp.ClientConnectorError:  # it says where before it listens there
                await asyncio.sleep(0.1)
    raise AssertionError("nobody listens there")


def test_a_browser_is_given_a_page_whose_websocket_shows_the_session(served: tuple[str, str]) -> None:
    address, name = served

    async def look() -> str:
        status, page = await fetched(f"{address}/")
        assert status == 200 and address.replace("http", "ws") + "/ws" in page and "papertape" in page
        seen = b""
        async with aiohttp.ClientSession() as client:
            async with client.ws_connect(f"{address}/ws?width=100&height=30", headers={"Origin": address}) as socket:
                await socket.send_json(["ping", "here"])
                while name.encode() not in seen or b"finished" not in seen:
                    message = await socket.receive(timeout=20)
                    assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
                    seen += message.data if isinstance(message.data, bytes) else message.data.encode()
        return seen.decode("utf-8", "replace")

    said = asyncio.run(look())
    assert '["pong", "here"]' in said or '["pong","here"]' in said
    assert "Traceback" not in said


def test_a_page_of_another_site_or_another_name_is_turned_away(served: tuple[str, str]) -> None:
    address, _ = served
    assert asyncio.run(fetched(f"{address}/ws", Origin="http://elsewhere.example"))[0] == 403
    status, words = asyncio.run(fetched(f"{address}/", Host="elsewhere.example"))
    assert status == 403 and "this serves 127.0.0.1 alone" in words
    assert asyncio.run(fetched(f"{address}/ws", Origin="null"))[0] == 403


def test_a_place_that_is_taken_is_named(served: tuple[str, str]) -> None:
    port = served[0].rpartition(":")[2]
    asyncio.run(fetched(f"{served[0]}/"))
    assert f"nothing can be served at 127.0.0.1:{port}" in refusal("tui", "--web", "--port", port, code=1)


def test_without_its_extra_it_says_what_to_install() -> None:
    code = (
        "import sys\nsys.modules['textual_serve'] = None\nfrom papertape.cli import cli\n"
        "cli(['tui', '--web'], prog_name='papertape')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "pip install 'papertape[web]'" in done.stderr


def test_where_to_serve_goes_with_serving() -> None:
    assert "they go with --web" in refusal("tui", "--port", 8000)
