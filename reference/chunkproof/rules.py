"""The numbered rules, one line each; `docs/SPEC.md` holds them in full with their sources.

A rule id is stable: repairs, errors, cases, reports and documents cite it, and it is
never given to another rule. `contested` rules are the ones where good parsers differ on
purpose; a case that rests on one shows what a parser does there and never fails it.
"""

from typing import Final, NamedTuple


class Rule(NamedTuple):
    """One rule of the specification."""

    id: str
    title: str
    contested: bool = False


_RULES: Final = (
    Rule("SSE-1", "the body is UTF-8; an invalid sequence becomes U+FFFD and the stream goes on"),
    Rule("SSE-2", "one byte order mark at the very start is dropped"),
    Rule("SSE-3", "a line ends at CRLF, LF or CR, also when CR and LF come in two pieces"),
    Rule("SSE-4", "an empty line dispatches the frame; the end of a piece ends nothing"),
    Rule("SSE-5", "a line that starts with a colon is a comment"),
    Rule("SSE-6", "a field is split at its first colon and loses one leading space, no more"),
    Rule("SSE-7", "a line without a colon is a field name with an empty value"),
    Rule("SSE-8", "data lines of one frame are joined with LF"),
    Rule("SSE-9", "event sets the type; id sticks unless it holds NUL; retry takes digits only"),
    Rule("SSE-10", "other fields are ignored; a lost payload among them is noticed"),
    Rule("SSE-11", "a frame without a data line is not dispatched, whatever the last id was"),
    Rule("SSE-12", "a data line with an empty value dispatches an empty payload"),
    Rule("SSE-13", "a frame that no empty line ended is discarded at the end"),
    Rule("SSE-14", "reconnection belongs to EventSource; a parser never reconnects"),
    Rule("SSE-15", "a frame over the cap fails with its own error and reading goes on after it"),
    Rule("PAY-1", "`[DONE]` ends the stream, white space around it or not"),
    Rule("PAY-2", "an empty payload, `null` and `{}` say nothing"),
    Rule("PAY-3", "a comment wrapped as data says nothing"),
    Rule("PAY-4", "a bare word as data is a keep-alive"),
    Rule("PAY-5", "a JSON object is a chunk or an error"),
    Rule("PAY-6", "an object without choices, usage and error is kept as extra"),
    Rule("PAY-7", "a list that starts with an error object, or a JSON string, is a failure"),
    Rule("PAY-8", "other JSON values say nothing"),
    Rule("PAY-9", "several payloads on neighbouring data lines are read one by one"),
    Rule("PAY-10", "anything else fails the stream; later frames are still read"),
    Rule("PAY-11", "raw control characters inside strings are accepted"),
    Rule("PAY-12", "NaN and Infinity become null"),
    Rule("PAY-13", "nesting deeper than 256 is malformed"),
    Rule("PAY-14", "of duplicate keys the last one counts"),
    Rule("PAY-15", "a body that is no event stream is an answer, an error, or incomplete"),
    Rule("ENV-1", "id, model and created: the first that is not empty or zero"),
    Rule("ENV-2", "role: the first that is not empty, else assistant"),
    Rule("ENV-3", "a choice without an index is choice 0"),
    Rule("ENV-4", "choices null or missing is as empty"),
    Rule("ENV-5", "delta null or missing is as empty"),
    Rule("ENV-6", "a known member of the wrong JSON kind is as absent and kept as extra"),
    Rule("ENV-7", "a member with no kind of its own is kept as extra"),
    Rule("ENV-8", "padding is dropped"),
    Rule("ENV-9", "logprobs are appended in order"),
    Rule("ENV-10", "audio: id and expiry once, data and transcript appended"),
    Rule("ENV-11", "annotations and images are appended"),
    Rule("TOOL-1", "a free index opens a call, or is given to the call it plainly continues"),
    Rule("TOOL-2", "a taken index with a new id and a name opens another call"),
    Rule("TOOL-3", "a taken index continues its call"),
    Rule(
        "TOOL-3C",
        "a taken index with another name and no id, after complete arguments, opens a call",
        contested=True,
    ),
    Rule("TOOL-4", "without an index a new id or a name opens, all else continues the last call"),
    Rule("TOOL-5", "a fragment with nothing to attach to is kept raw"),
    Rule("TOOL-6", "a call keeps its first id"),
    Rule("TOOL-7", "a call keeps its name; it grows only before the arguments"),
    Rule("TOOL-8", "arguments are the raw text; a value that is no string is written once"),
    Rule("TOOL-9", "calls are listed by index, or by first appearance where an index was missing"),
    Rule("TOOL-10", "a call is a function unless it says custom"),
    Rule("TOOL-11", "a legacy function_call is one call; beside tool_calls it is a mirror"),
    Rule("TOOL-12", "a call is executable only in a complete stream, with valid arguments"),
    Rule("FIN-1", "the first finish reason counts, as sent; an equal repeat says nothing"),
    Rule("FIN-2", "an empty or null finish reason is none"),
    Rule("FIN-3", "a different later finish reason is kept aside"),
    Rule("FIN-4", "content_filter replaces an earlier finish reason"),
    Rule("FIN-5", "the finish reason error fails the stream"),
    Rule("FIN-6", "what comes after a finish reason is used", contested=True),
    Rule("END-1", "an error anywhere fails the stream"),
    Rule("END-2", "every choice finished and [DONE]: complete"),
    Rule("END-3", "every choice finished and a clean end: complete", contested=True),
    Rule("END-4", "[DONE] with a choice unfinished: complete, no finish reason", contested=True),
    Rule("END-5", "neither finish nor [DONE]: incomplete"),
    Rule("END-6", "a transport error fails the stream unless [DONE] was seen"),
    Rule("END-7", "after [DONE] nothing is read"),
    Rule("END-8", "no choice ever seen: incomplete"),
    Rule("END-9", "nothing is invented"),
    Rule("END-10", "a discarded last line that is exactly [DONE] counts"),
    Rule("END-11", "audio that got its expiry has ended"),
    Rule("TXT-1", "content strings are appended, never trimmed, never de-duplicated"),
    Rule("TXT-2", "content may be a list of parts: text, thinking, others kept as extra"),
    Rule("TXT-3", "halves of a surrogate pair in neighbouring deltas of one channel join"),
    Rule("TXT-4", "a surrogate half that stays alone becomes U+FFFD", contested=True),
    Rule("TXT-5", "refusal is a channel of its own"),
    Rule("RSN-1", "reasoning: the first field of a delta that is not empty"),
    Rule("RSN-2", "mirrored reasoning counts once; of two different ones the first counts"),
    Rule("RSN-3", "reasoning details are appended, merged by index, signatures kept"),
    Rule("RSN-4", "think tags in content stay content"),
    Rule("USE-1", "usage: chunk, else x_groq, else choice; the last of the highest rank"),
    Rule("USE-2", "an all-zero usage never replaces another"),
    Rule("USE-3", "usage is never summed or computed"),
    Rule("ERR-1", "an error object or string fails the stream; null, false, empty ones are none"),
    Rule("ERR-2", "object error, or a flat error object, fails the stream"),
    Rule("ERR-3", "any payload under event: error fails the stream"),
    Rule("ERR-4", "an error beside choices fails the stream; the choices are used"),
    Rule("ERR-5", "a field named error fails the stream (GPUStack)"),
)

RULES: Final[dict[str, Rule]] = {rule.id: rule for rule in _RULES}
