"""What mlx-lm tells about the machine it runs on, and how it is taken out.

`system_fingerprint` is mlx-lm's version, mlx's version, `platform.platform()` (kernel and C
library) and the processor. All after the versions is blanked, byte for byte, in every frame,
also where a proxy has written the JSON anew.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chunkproof_conformance.cases.cassette import Exchange

PLATFORM_BLANKED: Final = (
    "system_fingerprint: platform and processor after the two versions, each byte replaced by x"
)
_FINGERPRINT: Final = re.compile(
    rb'(?P<versions>"system_fingerprint": ?"[0-9.]+[^-"]*-[0-9.]+[^-"]*-)(?P<platform>[^"]*)'
)


def blanked(body: bytes) -> bytes:
    """The body with every platform string replaced by as many x; lengths do not change."""
    return _FINGERPRINT.sub(lambda m: m["versions"] + b"x" * len(m["platform"]), body)


def redacted(exchange: Exchange) -> Exchange:
    """The exchange with a blanked response body."""
    return replace(exchange, response_body=blanked(exchange.response_body))
