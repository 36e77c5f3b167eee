"""A network between the workers and their broker that can be cut and slowed down: Toxiproxy, driven over HTTP."""

import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker.shop_floor import within
from streams.tools.broker import EmbeddedKafka
from streams.tools.child import kill_child, start_child
from streams.tools.kafka_installation import Installation

VERSION = "2.5.0"
PROGRAM = "toxiproxy-server"
SOURCE = f"github.com/Shopify/toxiproxy/v2/cmd/server@v{VERSION}"


def find_toxiproxy(environment: Mapping[str, str]) -> Path | None:
    """On PATH, else built once by Go into the cache folder, about two minutes; None without either."""
    if found := shutil.which(PROGRAM):
        return Path(found)
    cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache", "kpi", f"toxiproxy-{VERSION}")
    program = cache / "server"
    if not program.exists():
        if shutil.which("go") is None:
            return None
        subprocess.run(["go", "install", SOURCE], env={**environment, "GOBIN": str(cache)}, check=True, timeout=600)
    return program


def free_ports(number: int) -> list[int]:
    """Different ones: all are held until the last is found."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [int(probe.getsockname()[1]) for probe in probes]


@dataclass(frozen=True, slots=True)
class Network:
    """A line of its own for every worker; `ports`: where each of them finds the broker."""

    api: str
    ports: Mapping[str, int]

    def cut(self, *names: str) -> None:
        """Nothing gets through and nobody is told, in either direction; `mend` closes what was open."""
        for name in names:
            for stream in ("upstream", "downstream"):
                toxic = {"name": f"cut-{stream}", "type": "timeout", "stream": stream, "attributes": {"timeout": 0}}
                self._ask("POST", f"/proxies/{name}/toxics", toxic)

    def slow(self, milliseconds: int, *names: str) -> None:
        """Every answer comes so much later."""
        for name in names:
            toxic = {"name": "slow", "type": "latency", "attributes": {"latency": milliseconds}}
            self._ask("POST", f"/proxies/{name}/toxics", toxic)

    def mend(self) -> None:
        """As it was."""
        self._ask("POST", "/reset")

    def _ask(self, method: str, path: str, body: Any = None) -> None:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.api}{path}", data, method=method)  # noqa: S310  our own child
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            answer.read()

    def _answers(self) -> bool:
        try:
            self._ask("GET", "/version")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True


@contextmanager
def network(program: Path, folder: Path, behind: Mapping[str, int]) -> Iterator[Network]:
    """Lines by name, each to a port of the broker that may not listen yet."""
    api, *ports = free_ports(1 + len(behind))
    lines = Network(f"http://127.0.0.1:{api}", dict(zip(behind, ports, strict=True)))
    process = start_child([str(program), "-host", "127.0.0.1", "-port", str(api)], folder / "toxiproxy.log")
    try:
        assert any(lines._answers() for _ in within(10)), (folder / "toxiproxy.log").read_text()
        for name, port in lines.ports.items():
            line = {"name": name, "listen": f"127.0.0.1:{port}", "upstream": f"127.0.0.1:{behind[name]}"}
            lines._ask("POST", "/proxies", line)
        yield lines
    finally:
        kill_child(process)


@contextmanager
def kafka_behind_lines(
    installation: Installation, toxiproxy: Path, folder: Path, names: tuple[str, ...]
) -> Iterator[tuple[EmbeddedKafka, Network]]:
    """A broker, not started, with a listener for every worker, which it advertises as that worker's line.

    Its own port stays direct, for those who send and check.
    """
    port, controller, *listeners = free_ports(2 + len(names))
    inner = dict(zip(names, listeners, strict=True))
    with network(toxiproxy, folder, inner) as lines:
        own = f"PLAINTEXT://127.0.0.1:{port}"
        listen = [own, *(f"{name.upper()}://127.0.0.1:{at}" for name, at in inner.items())]
        advertised = [own, *(f"{name.upper()}://127.0.0.1:{at}" for name, at in lines.ports.items())]
        overrides = {
            "listeners": ",".join([*listen, f"CONTROLLER://127.0.0.1:{controller}"]),
            "advertised.listeners": ",".join(advertised),
            "listener.security.protocol.map": ",".join(
                f"{name}:PLAINTEXT" for name in ("PLAINTEXT", "CONTROLLER", *map(str.upper, names))
            ),
            "inter.broker.listener.name": "PLAINTEXT",
        }
        yield EmbeddedKafka(installation, folder / "kafka", port, overrides, controller), lines
