"""The tools that scripted models call, and the request member that offers them."""

from __future__ import annotations

from typing import Any, Final

WEATHER: Final = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city for some days.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}
TIME: Final = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "Time in a time zone.",
        "parameters": {
            "type": "object",
            "properties": {"tz": {"type": "string"}},
            "required": ["tz"],
        },
    },
}
PING: Final = {
    "type": "function",
    "function": {"name": "ping", "parameters": {"type": "object", "properties": {}}},
}


def offered(*tools: dict[str, Any]) -> dict[str, Any]:
    """The request member that offers these tools."""
    return {"tools": list(tools)}
