"""JSON that arrives in pieces: is it whole, what does it say so far, and the same without a member.

Three readers over one grammar (`grammar`). None recurses, none looks at a code point twice,
none cares where the text is cut:

* `JsonScanner`: complete, incomplete or invalid, and where.
* `JsonReader`: the tokens as they become decidable, strings decoded piece by piece.
* `MemberFilter`: hands on an object's text without one member, and that member's text beside it.

The text is `str`, offsets are code points. What cannot be Unicode text never comes out: halves of a
surrogate pair join, also across pieces and however each is written, and a half that stays alone
becomes U+FFFD.
"""

from chunkproof.partial_json.grammar import JsonScanner, JsonStatus
from chunkproof.partial_json.members import Filtered, MemberFilter, Part, Role, ValueKind
from chunkproof.partial_json.reader import Closed, JsonEvent, JsonKind, JsonReader

__all__ = [
    "Closed",
    "Filtered",
    "JsonEvent",
    "JsonKind",
    "JsonReader",
    "JsonScanner",
    "JsonStatus",
    "MemberFilter",
    "Part",
    "Role",
    "ValueKind",
]
