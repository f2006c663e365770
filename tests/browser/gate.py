"""Stand where the way out would be: a proxy that lets nothing through and keeps what was asked of it."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Gate:
    """A proxy on the loopback address; requests to other machines end here, from workers and servers too."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """Give what sends a program's requests here."""
        ways = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), self.address)
        return ways | {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        asked = self.asked

        class Refuse(BaseHTTPRequestHandler):
            def __getattr__(self, name: str) -> Callable[[], None]:
                if not name.startswith("do_"):  # do_GET, do_CONNECT and so on: every method is refused
                    raise AttributeError(name)
                return self._refuse

            def _refuse(self) -> None:
                asked.append(f"{self.command} {self.path}")
                self.send_error(502, "nothing leaves this machine")

            def log_message(self, *_: Any) -> None:
                return

        return Refuse
