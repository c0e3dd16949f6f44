"""Where a number of the YAML comes from: `{value: 0.05, source: ..., as_of: ..., confidence: ..., note: ...}`.

Any scalar may be written this way. The value takes the scalar's place; the rest is kept under the YAML path,
travels with the result, and is dropped when an override writes a new value without saying where it is from.
"""

from __future__ import annotations

from dataclasses import dataclass

PROVENANCE_KEYS = ("value", "source", "as_of", "confidence", "note")
CONFIDENCE = ("read", "derived", "recalled", "assumed")
"""read: seen in the named source; derived: arithmetic on read numbers; recalled: from memory, not re-read;
assumed: a proposal that ought to be varied."""


@dataclass(frozen=True)
class Provenance:
    """Origin of one YAML value; empty text where the author left a part out."""

    source: str = ""
    as_of: str = ""
    confidence: str = ""
    note: str = ""

    def as_dict(self) -> dict[str, str]:
        parts = {"source": self.source, "as_of": self.as_of, "confidence": self.confidence, "note": self.note}
        return {key: text for key, text in parts.items() if text}
