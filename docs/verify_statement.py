#!/usr/bin/env python3
"""Check a statement of a Taoke Alliance without the alliance: offline, with Python alone.

    python verify_statement.py statement.csv --key HEX [--previous earlier.csv]

`--key` is the public key that the alliance published; give it again for an older one, where the
earlier statement was signed before the key changed. docs/statements.md describes the format.

Says in one sentence what is wrong. Exit codes: 0 all is well, 1 a line was changed, removed or
inserted, 2 the file or the command cannot be read, 3 the signature is not by the key, 4 the figures
do not add up, 5 the earlier statement is not the one that this one follows.
"""

import argparse
import csv
import hashlib
import re
import sys

CHANGED, UNREADABLE, SIGNATURE, SUMS, PREVIOUS = 1, 2, 3, 4, 5
BOM = b"\xef\xbb\xbf"
START = bytes(32)
HASH = re.compile(r"[0-9a-f]{64}")
WHOLE = re.compile(r"0|-?[1-9][0-9]*")
HEAD = (
    "no", "statement", "version", "number", "owner kind", "owner number", "owner name", "currency",
    "month", "issued at", "key id", "previous number", "previous head",
)  # fmt: skip
# Per kind of owner: what is told, what is told and summed, and the accounts, summed from their
# opening to their closing figure.
COLUMNS = {
    "affiliate": (
        (
            "no",
            "kind",
            "day",
            "reference",
            "order",
            "line",
            "title",
            "role",
            "received",
            "rate_bps",
        ),
        ("estimated", "base", "commission", "share", "subsidy", "tech_fee", "net", "tax", "paid"),
        ("payable", "frozen", "debt"),
    ),
    "merchant": (
        ("no", "kind", "day", "reference", "order", "line", "title", "rate_bps"),
        ("base", "commission", "service_fee", "special_fee", "subsidy"),
        ("wallet", "reserved"),
    ),
}


class Fault(Exception):
    """What is wrong, as a sentence, and the exit code that stands for it."""

    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code = code


# --- The file ------------------------------------------------------------------------------------


class Statement:
    """A statement whose lines are chained without a gap. `Fault` says where they are not."""

    def __init__(self, data):
        self.lines = _lines(data)
        texts, hashes = zip(*(_parted(i, line) for i, line in enumerate(self.lines[:-1], 1)))
        _chained(texts, hashes)
        self.rows = [_fields(text) for text in texts]
        for number, row in enumerate(self.rows, 1):
            if row[0] != str(number):
                raise Fault(SUMS, f"Line {number} calls itself line {row[0]}.")
        self.head_hash = hashes[-1]
        self.head = dict(zip(HEAD, self.rows[0]))
        if len(self.rows[0]) != len(HEAD) or self.head["statement"] != "statement":
            raise Fault(UNREADABLE, "This is no statement: its first line is another one.")
        if self.head["version"] != "1":
            raise Fault(UNREADABLE, f"This verifier knows version 1, not {self.head['version']}.")
        if self.head["owner kind"] not in COLUMNS:
            raise Fault(UNREADABLE, "This verifier does not know that kind of owner.")
        self.words, self.figures, self.accounts = COLUMNS[self.head["owner kind"]]
        self.key_id, self.signature = _signed(self.lines[-1], self.head_hash)
        if self.key_id != self.head["key id"]:
            raise Fault(CHANGED, "The last line names another key than the first: it was changed.")

    def name(self):
        return f"Statement {self.head['number']} of {self.head['owner name']}"


def _lines(data):
    """The lines as text. Any byte that we did not write there is found here or by the hashes."""
    if not data.startswith(BOM):
        raise Fault(CHANGED, "The file's first three bytes were changed: no byte order mark.")
    try:
        text = data[len(BOM) :].decode("utf-8")
    except UnicodeDecodeError as exc:
        line = data[: len(BOM) + exc.start].count(b"\n") + 1
        raise Fault(CHANGED, f"Line {line} was changed: it is not UTF-8 any more.") from exc
    if not text.endswith("\n"):
        raise Fault(CHANGED, "The end of the file is missing: its last line is cut off.")
    lines = text[:-1].split("\n")
    for number, line in enumerate(lines, 1):
        if "\r" in line:
            raise Fault(CHANGED, f"Line {number} was changed: it has a carriage return in it.")
    if len(lines) < 3 or not lines[-1].startswith("signature,"):
        if any(line.startswith("signature,") for line in lines[:-1]):
            raise Fault(CHANGED, "Lines were inserted after the signature, or it was moved.")
        raise Fault(CHANGED, "Lines at the end of the file are missing: there is no signature.")
    return lines


def _parted(number, line):
    """A line is its text, a comma and the hash up to it."""
    text, comma, value = line.rpartition(",")
    if not comma or not HASH.fullmatch(value):
        raise Fault(CHANGED, f"Line {number} was changed: it does not end in a hash.")
    return text, value


def _link(before, text):
    return hashlib.sha256(before + text.encode("utf-8")).digest()


def _chained(texts, hashes):
    """Follow the chain to its first break, and say what that break looks like."""
    before = START
    for place, (text, value) in enumerate(zip(texts, hashes)):
        after = _link(before, text)
        if after.hex() != value:
            raise Fault(CHANGED, _break(place, texts, hashes, before, after))
        before = after


def _break(place, texts, hashes, before, after):
    line, following = place + 1, place + 2
    said = [_number(text) for text in texts]

    def leads_on(start, to):
        return to < len(texts) and _link(start, texts[to]).hex() == hashes[to]

    other = said[place] != line
    if other and said[place] in said[:place]:
        return f"Line {line} was inserted: it repeats line {said[place]}."
    if other and line in said[line:] and said[place] not in said[line:]:
        return f"Line {line} was moved: it stands further down."
    if leads_on(before, line):
        return f"Line {line} was inserted: without it the chain goes on."
    if said[place] > line:
        gone = f"Line {line}" if said[place] == following else f"Lines {line} to {said[place] - 1}"
        return f"{gone} of the statement {'was' if ' to ' not in gone else 'were'} removed."
    if leads_on(after, line) and not leads_on(bytes.fromhex(hashes[place]), line):
        return f"The hash at the end of line {line} was changed."
    return f"Line {line} was changed."


def _number(text):
    first = text.partition(",")[0]
    return int(first) if first.isascii() and first.isdecimal() and len(first) < 12 else 0


def _fields(text):
    return next(csv.reader([text], strict=True))


def _signed(line, head_hash):
    fields = line.split(",")
    if len(fields) != 5 or fields[:2] != ["signature", "ed25519"]:
        raise Fault(CHANGED, "The last line was changed: it is no signature.")
    if fields[3] != head_hash:
        raise Fault(CHANGED, "The last line signs another hash: lines before it are missing.")
    if not re.fullmatch(r"[0-9a-f]{128}", fields[4]):
        raise Fault(CHANGED, "The last line was changed: the signature is not 128 hex digits.")
    return fields[2], bytes.fromhex(fields[4])


# --- Figures -------------------------------------------------------------------------------------


def check_sums(statement):
    """Every column that is summed, and opening + rows = closing for each account."""
    columns = (*statement.words, *statement.figures, *statement.accounts)
    rows = statement.rows[2:]
    if statement.rows[1][1:] != list(columns[1:]):
        raise Fault(SUMS, "Line 2 does not name the columns of this version.")
    for number, row in enumerate(rows, 3):
        if len(row) != len(columns):
            raise Fault(SUMS, f"Line {number} has {len(row)} fields instead of {len(columns)}.")
        for name, said in zip(columns[len(statement.words) :], row[len(statement.words) :]):
            if said and not WHOLE.fullmatch(said):
                raise Fault(SUMS, f"Line {number}: {name} is no whole number.")
        if row[1] in ("settled", "corrected"):
            part = {
                name: _minor(said) for name, said in zip(columns, row) if name in statement.figures
            }
            if part["net"] != part["share"] + part["subsidy"] - part["tech_fee"]:
                raise Fault(SUMS, f"Line {number}: net is not share + subsidy - tech_fee.")
    if len(rows) < 3 or [rows[i][1] for i in (0, -2, -1)] != ["opening", "closing", "total"]:
        raise Fault(SUMS, "The opening, closing or total line is not where it belongs.")
    opening, body, closing, total = rows[0], rows[1:-2], rows[-2], rows[-1]
    if total[2] != str(len(body)):
        raise Fault(SUMS, f"There are {len(body)} rows, the total line counts {total[2]}.")
    for i, name in enumerate(columns):
        if name in statement.words:
            continue
        summed = sum(_minor(row[i]) for row in body)
        if summed != _minor(total[i]):
            raise Fault(SUMS, f"{name} sums to {summed}, the total line says {total[i]}.")
        if name in statement.accounts and _minor(opening[i]) + summed != _minor(closing[i]):
            raise Fault(SUMS, f"{name}: opening and rows do not lead to the closing figure.")
    return dict(zip(statement.accounts, map(_minor, closing[-len(statement.accounts) :])))


def _minor(text):
    return int(text or "0")


def check_previous(statement, keys, data):
    """The earlier file is whole itself, and the very one that this statement names."""
    try:
        earlier = Statement(data)
        check_signature(earlier, keys)
        closing = earlier.rows[-2]
        check_sums(earlier)
    except Fault as exc:
        raise Fault(exc.code, f"The earlier statement: {exc}") from exc
    for name in ("owner kind", "owner number", "currency"):
        if earlier.head[name] != statement.head[name]:
            raise Fault(PREVIOUS, f"The earlier statement has another {name}.")
    named = (statement.head["previous number"], statement.head["previous head"])
    if named != (earlier.head["number"], earlier.head_hash):
        raise Fault(
            PREVIOUS,
            f"This statement follows {named[0] or 'none'}, which is not the file given: "
            f"{earlier.head['number']}.",
        )
    accounts = len(statement.accounts)
    if closing[-accounts:] != statement.rows[2][-accounts:]:
        raise Fault(PREVIOUS, "The opening figures are not the closing ones of the earlier one.")


# --- Ed25519 (RFC 8032) --------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _add(a, b):
    """Points are (x, y, z, t) with x = X/Z, y = Y/Z, xy = T/Z."""
    one, two = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    three, four = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = two - one, four - three, four + three, two + one
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(point, factor):
    total = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, point)
        point, factor = _add(point, point), factor >> 1
    return total


def _point(data):
    """The point of 32 bytes; None where there is none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signature_is_by(key, message, signature):
    """True if the 64 bytes are an Ed25519 signature of the message by the 32 bytes of the key."""
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = _point(key), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    right = _add(r, _times(a, int.from_bytes(digest, "little") % L))
    left = _times(BASE, s)
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


def key_id(key):
    return hashlib.sha256(key).hexdigest()[:16]


def check_signature(statement, keys):
    key = next((key for key in keys if key_id(key) == statement.key_id), None)
    if key is None:
        raise Fault(
            SIGNATURE,
            f"It was signed with another key ({statement.key_id}) than yours "
            f"({', '.join(map(key_id, keys))}).",
        )
    if not signature_is_by(key, bytes.fromhex(statement.head_hash), statement.signature):
        raise Fault(SIGNATURE, "The signature is not by the key: somebody else signed these lines.")


# --- The command ---------------------------------------------------------------------------------


def verify(data, keys, previous=None):
    """What the statement says, in a sentence. Raises Fault."""
    statement = Statement(data)
    check_signature(statement, keys)
    closing = check_sums(statement)
    if previous is not None:
        check_previous(statement, keys, previous)
    figures = ", ".join(f"{name} {minor}" for name, minor in closing.items())
    said = (
        f"{statement.name()} for {statement.head['month']} is whole and signed by key "
        f"{statement.key_id}: {len(statement.rows) - 5} rows, closing with {figures} "
        f"(minor units of {statement.head['currency']})"
    )
    if previous is not None:
        return f"{said}; it follows {statement.head['previous number']}."
    if statement.head["previous number"]:
        return f"{said}. Not checked: that it follows {statement.head['previous number']}."
    return f"{said}; it is the first one."


def _key(text):
    if not HASH.fullmatch(text.lower()):
        raise argparse.ArgumentTypeError("a public key is 64 hex digits")
    return bytes.fromhex(text)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("statement", help="the CSV file of the statement")
    parser.add_argument("--key", type=_key, action="append", required=True, metavar="HEX")
    parser.add_argument("--previous", metavar="FILE", help="the statement before this one")
    options = parser.parse_args(arguments)
    try:
        files = []
        for path in filter(None, (options.statement, options.previous)):
            with open(path, "rb") as file:
                files.append(file.read())
        print(verify(files[0], options.key, *files[1:]))
    except OSError as exc:
        print(f"Cannot read it: {exc}", file=sys.stderr)
        return UNREADABLE
    except (Fault, csv.Error) as exc:
        print(f"NOT VERIFIED. {exc}", file=sys.stderr)
        return exc.code if isinstance(exc, Fault) else CHANGED
    return 0


if __name__ == "__main__":
    sys.exit(main())
