"""A finding about a Node library again, from nothing but that library and the bytes.

The script that is written imports the library only, so that whoever doubts a verdict can read all
of it: no adapter, no protocol, no fold and no judge stands between the bytes and what is printed.
It is a module: `node script.mjs` where the library is installed, or `node --input-type=module`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from chunkproof_conformance.connect.adapter import Stream

_HEAD: Final = """// {title}
//
// Needs the npm package {package}. Prints what its user sees.
{imports}

const pieces = [
{pieces}
].map((piece) => new Uint8Array(Buffer.from(piece, "latin1")));

const fetch = async () => {{
  const waiting = [...pieces];
  const body = new ReadableStream({{
    pull(controller) {{
      if (waiting.length) controller.enqueue(waiting.shift());
      else {end};
    }},
  }}, {{ highWaterMark: 0 }});
  return new Response(body, {{ status: {status}, headers: {headers} }});
}};

console.log("{package}", VERSION);
"""

_OPENAI: Final = """import OpenAI from "openai";
import { VERSION } from "openai/version";"""

_CLIENT: Final = """
const client = new OpenAI({
  apiKey: "none", baseURL: "http://replay.invalid/v1", maxRetries: 0, fetch,
});
const request = { model: "any", messages: [{ role: "user", content: "Go on." }] };
"""

_CHUNKS: Final = f"""{_CLIENT}
for await (const chunk of await client.chat.completions.create({{ ...request, stream: true }})) {{
  for (const choice of chunk.choices) {{
    console.log(choice.index, JSON.stringify(choice.delta), choice.finish_reason);
  }}
  if (chunk.usage) console.log("usage", JSON.stringify(chunk.usage));
}}
"""

_STREAM: Final = f"""{_CLIENT}
const completion = await client.chat.completions.stream(request).finalChatCompletion();
console.log(JSON.stringify(completion, null, 2));
"""

_PARTS: Final = """
const prompt = [{ role: "user", content: [{ type: "text", text: "Go on." }] }];
const { stream } = await model.doStream({ prompt });
for await (const part of stream) console.log(JSON.stringify(part));
"""

_SDK_OPENAI: Final = """
const openai = createOpenAI({ apiKey: "none", baseURL: "http://replay.invalid/v1", fetch });
const model = openai.chat("any");
"""

_SDK_COMPATIBLE: Final = """
const model = createOpenAICompatible({
  name: "any", apiKey: "none", baseURL: "http://replay.invalid/v1", includeUsage: true, fetch,
})("any");
"""


class _Library(NamedTuple):
    package: str
    imports: str
    lines: str


LIBRARIES: Final = {
    "openai-node-chunks": _Library("openai", _OPENAI, _CHUNKS),
    "openai-node-stream": _Library("openai", _OPENAI, _STREAM),
    "ai-sdk-openai": _Library(
        "@ai-sdk/openai",
        'import { createOpenAI, VERSION } from "@ai-sdk/openai";',
        _SDK_OPENAI + _PARTS,
    ),
    "ai-sdk-compatible": _Library(
        "@ai-sdk/openai-compatible",
        'import { createOpenAICompatible, VERSION } from "@ai-sdk/openai-compatible";',
        _SDK_COMPATIBLE + _PARTS,
    ),
}
"""Implementation -> its package, how it is imported, and the lines that drive it."""

_BROKEN: Final = 'controller.error(new TypeError("terminated", {{ cause: new Error("{}") }}))'
_ENDS: Final = {
    "eof": "controller.close()",
    "reset": _BROKEN.format("read ECONNRESET"),
    "short-length": _BROKEN.format("other side closed"),
}


def node_reproduction(title: str, implementation: str, stream: Stream) -> str:
    """The script. title: one line. implementation: a name in `LIBRARIES`."""
    library = LIBRARIES[implementation]
    head = _HEAD.format(
        title=title,
        package=library.package,
        imports=library.imports,
        pieces="\n".join(f"  {json.dumps(piece.decode('latin-1'))}," for piece in stream.pieces),
        end=_ENDS[stream.end],
        status=stream.status,
        headers=json.dumps(dict(stream.headers)),
    )
    return head + library.lines
