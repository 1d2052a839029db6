"""Real servers as upstreams of the proxy, each with one model that says our scripts."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chunkproof_conformance.record.recipe import Cleaning, Served
from chunkproof_conformance.record.server import HOST, free_port, running
from chunkproof_conformance.record.servers.litellm.over_servers import MLX_SCRIPTS, OVER_LLAMA
from chunkproof_conformance.record.servers.llama_server import recipe as llama
from chunkproof_conformance.record.servers.mlx_lm import recipe as mlx
from chunkproof_conformance.record.servers.mlx_lm.redact import PLATFORM_BLANKED, redacted

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def mlx_lm(python: Path) -> Iterator[Served]:
    """mlx-lm while the block runs. python: an interpreter that has it."""
    python, port = python.absolute(), free_port()
    with tempfile.TemporaryDirectory(prefix="mlx-lm-") as work:
        folder = Path(work)
        mlx.make_checkpoint(python, folder, MLX_SCRIPTS)
        name = mlx.checkpoint_name(MLX_SCRIPTS)
        command = [str(python), "-m", "mlx_lm", "server", "--model", name]
        command += ["--host", HOST, "--port", str(port)]
        with running(command, port=port, folder=folder, environment=mlx.OFFLINE):
            version = mlx.version(python)
            yield Served(
                f"http://{HOST}:{port}/v1",
                mlx.MODEL,
                "mlx-lm",
                version,
                cleaning=Cleaning(redacted, PLATFORM_BLANKED),
            )


@contextmanager
def llama_server(server: Path, python: Path) -> Iterator[Served]:
    """llama-server while the block runs. python: an interpreter with numpy and gguf."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="llama-server-") as work:
        folder = Path(work)
        llama.make_model(python, folder / "puppet.gguf", (one.script for one in OVER_LLAMA))
        command = [str(server.resolve()), "-m", "puppet.gguf", "-a", llama.MODEL]
        command += ["--host", HOST, "--port", str(port), *llama.OPTIONS]
        with running(command, port=port, folder=folder, environment={}):
            version = llama.version(server)
            yield Served(f"http://{HOST}:{port}/v1", llama.MODEL, "llama-server", version)
