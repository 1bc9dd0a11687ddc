"""Nothing that anybody does to a statement goes unseen, and the verifier says what it was."""

import itertools
import os
import random
import re
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.commissions.statements.files import (
    KEY,
    OPENING,
    OTHER,
    ROWS,
    VERIFIER,
    file,
    public,
    run,
    verdict,
    verify_statement,
)

WHOLE = file()
LINES = WHOLE.splitlines(keepends=True)
CHARACTERS = WHOLE.decode()


def test_a_whole_statement_is_verified_and_says_how_it_closes():
    code, sentence = verdict(WHOLE)

    assert code == 0
    assert sentence == (
        "Statement A12-CNY-0001 of Lin's picks for 2026-05 is whole and signed by key "
        "56475aa75463474c: 4 rows, closing with payable 1934, frozen 0, debt 0 (minor units of "
        "CNY); it is the first one."
    )


# --- Characters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["0", "a", ",", "\n", "−", ""])
def test_every_changed_character_is_found(other):
    """The same character for each one in turn; nothing for the last round: it is taken away."""
    missed = [
        place
        for place, letter in enumerate(CHARACTERS)
        if letter != other
        and verdict((CHARACTERS[:place] + other + CHARACTERS[place + 1 :]).encode())[0] == 0
    ]
    assert missed == []


@given(place=st.integers(0, len(CHARACTERS)), text=st.text(min_size=1, max_size=3))
def test_whatever_is_put_in_is_found(place, text):
    changed = (CHARACTERS[:place] + text + CHARACTERS[place:]).encode("utf-8", "surrogatepass")
    assert changed == WHOLE or verdict(changed)[0] != 0


@given(place=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_every_changed_byte_is_found(place, byte):
    changed = WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]
    assert changed == WHOLE or verdict(changed)[0] != 0


@given(end=st.integers(0, len(WHOLE) - 1))
def test_every_truncated_file_is_found(end):
    code, sentence = verdict(WHOLE[:end])

    assert code == verify_statement.CHANGED
    assert "missing" in sentence or "changed" in sentence


# --- Lines ---------------------------------------------------------------------------------------


def test_a_changed_line_is_named():
    changed = WHOLE.replace(b",1934,", b",9934,", 1)
    assert verdict(changed) == (1, "Line 4 was changed.")


def test_a_changed_hash_is_named():
    line = LINES[4].rstrip()
    changed = line[:-1] + (b"0" if line[-1:] != b"0" else b"1") + b"\n"
    assert verdict(b"".join([*LINES[:4], changed, *LINES[5:]])) == (
        1,
        "The hash at the end of line 5 was changed.",
    )


@pytest.mark.parametrize("gone", range(len(LINES)))
def test_every_removed_line_is_named(gone):
    code, sentence = verdict(b"".join(LINES[:gone] + LINES[gone + 1 :]))

    assert code == verify_statement.CHANGED
    if 0 < gone < len(LINES) - 2:
        assert sentence == f"Line {gone + 1} of the statement was removed."
    else:
        assert "missing" in sentence or "first three bytes" in sentence


def test_removed_neighbours_are_named_together():
    assert verdict(b"".join(LINES[:3] + LINES[6:])) == (
        1,
        "Lines 4 to 6 of the statement were removed.",
    )


def test_every_inserted_copy_is_found_and_named():
    missed = []
    for place in range(1, len(LINES)):
        for copied in range(1, len(LINES) - 1):
            code, said = verdict(b"".join([*LINES[:place], LINES[copied], *LINES[place:]]))
            # Of two equal lines next to each other the second one is the copy.
            line = place + 1 + (place == copied)
            if code != verify_statement.CHANGED or f"Line {line} was inserted" not in said:
                missed.append((place, copied, said))
    assert missed == []


def test_an_invented_line_is_named():
    """It is made as well as anybody can: the right number, and a hash that fits the line before."""
    texts = [line.decode().rstrip("\n").rpartition(",") for line in LINES]
    before = bytes.fromhex(texts[3][2])
    text = texts[4][0].replace("T0", "T9")
    invented = f"{text},{verify_statement._link(before, text).hex()}\n".encode()
    code, sentence = verdict(b"".join([*LINES[:4], invented, *LINES[4:]]))

    assert code == verify_statement.CHANGED
    assert sentence == "Line 6 was inserted: it repeats line 5."


def test_every_pair_of_swapped_lines_is_found():
    missed = []
    for one, two in itertools.combinations(range(len(LINES)), 2):
        swapped = list(LINES)
        swapped[one], swapped[two] = swapped[two], swapped[one]
        if verdict(b"".join(swapped))[0] != verify_statement.CHANGED:
            missed.append((one, two))
    assert missed == []


def test_a_moved_line_is_named():
    swapped = [*LINES[:4], LINES[5], LINES[4], *LINES[6:]]
    assert verdict(b"".join(swapped)) == (1, "Line 5 was moved: it stands further down.")


# --- Signature -----------------------------------------------------------------------------------


def test_a_statement_signed_anew_with_another_key_is_found():
    code, sentence = verdict(file(key=OTHER))

    assert code == verify_statement.SIGNATURE
    assert "signed with another key (139e3940e64b5491)" in sentence


def test_the_name_of_the_right_key_over_a_signature_of_another_is_found():
    forged = file(rows=ROWS[:1])
    mine, other = verify_statement.Statement(forged), OTHER.sign(b"")
    other = OTHER.sign(bytes.fromhex(mine.head_hash)).hex()
    forged = forged.replace(mine.signature.hex().encode(), other.encode())

    assert verdict(forged) == (
        3,
        "The signature is not by the key: somebody else signed these lines.",
    )


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=100))
def test_our_ed25519_agrees_with_the_library(seed, message):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    known, signature = key.public_key().public_bytes_raw(), key.sign(message)

    assert verify_statement.signature_is_by(known, message, signature)
    assert not verify_statement.signature_is_by(known, message + b"!", signature)


@given(seed=st.binary(min_size=32, max_size=32), bit=st.integers(0, 511))
def test_our_ed25519_refuses_a_signature_with_a_bit_turned(seed, bit):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signature = bytearray(key.sign(b"statement"))
    signature[bit // 8] ^= 1 << bit % 8

    assert not verify_statement.signature_is_by(
        key.public_key().public_bytes_raw(), b"statement", bytes(signature)
    )


def test_our_ed25519_refuses_the_second_way_to_write_a_signature():
    """S + L signs the same; RFC 8032 wants S below L."""
    signature = KEY.sign(b"statement")
    s = int.from_bytes(signature[32:], "little") + verify_statement.L
    twin = signature[:32] + s.to_bytes(32, "little")

    assert not verify_statement.signature_is_by(bytes.fromhex(public()), b"statement", twin)


def test_our_ed25519_knows_the_vectors_of_the_rfc():
    """RFC 8032, 7.1, TEST 3."""
    key = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
    signature = (
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert verify_statement.signature_is_by(
        bytes.fromhex(key), b"\xaf\x82", bytes.fromhex(signature)
    )


# --- Sums ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("closing,,,,,,,,,,,,,,,,,,1934", "closing,,,,,,,,,,,,,,,,,,1935", "do not lead to"),
        ("total,4", "total,5", "There are 4 rows, the total line counts 5."),
        (",14,500,", ",15,500,", "tax sums to 15, the total line says 14."),
        (",2149,,215,1934,", ",2149,,215,1935,", "Line 4: net is not share + subsidy - tech_fee."),
        (",-486,,,-486", ",-486,,,-48x", "Line 5: payable is no whole number."),
        ("kind,day", "day,kind", "Line 2 does not name the columns"),
    ],
)
def test_figures_that_do_not_add_up_are_found_even_if_we_signed_them(old, new, said):
    """A statement that was wrong when it was signed: chain and signature are as they should be."""
    texts = [line.decode().removeprefix("\ufeff").rstrip("\n") for line in LINES[:-1]]
    whole = "\n".join(text.rpartition(",")[0] for text in texts)
    assert old in whole

    code, sentence = verdict(_signed(whole.replace(old, new, 1).split("\n")))

    assert (code, said in sentence) == (verify_statement.SUMS, True), sentence


def _signed(texts: list[str]) -> bytes:
    before, lines = verify_statement.START, []
    for text in texts:
        before = verify_statement._link(before, text)
        lines.append(f"{text},{before.hex()}")
    key_id = verify_statement.key_id(bytes.fromhex(public()))
    lines.append(f"signature,ed25519,{key_id},{before.hex()},{KEY.sign(before).hex()}")
    return ("\ufeff" + "".join(f"{line}\n" for line in lines)).encode()


# --- The statement before ------------------------------------------------------------------------


def follower(key=KEY, opening=None, **changes) -> bytes:
    first = verify_statement.Statement(WHOLE)
    changes.setdefault("previous", (first.head["number"], first.head_hash))
    opening = opening or {"payable": 1934, "frozen": 0, "debt": 0}
    return file(ROWS[:1], opening=opening, key=key, number="0002", **changes)


def test_a_statement_is_tied_to_the_one_before_it():
    code, sentence = verdict(follower(), previous=WHOLE)

    assert code == 0
    assert sentence.endswith("it follows A12-CNY-0001.")


def test_without_the_one_before_it_says_that_it_did_not_look():
    assert verdict(follower())[1].endswith("Not checked: that it follows A12-CNY-0001.")


@pytest.mark.parametrize(
    ("statement", "previous", "code", "said"),
    [
        (follower(), file(ROWS[:3]), 5, "which is not the file given"),
        (WHOLE, WHOLE, 5, "This statement follows none"),
        (follower(opening=OPENING), WHOLE, 5, "The opening figures are not the closing ones"),
        (follower(), WHOLE[:-2], 1, "The earlier statement: The end of the file is missing"),
    ],
)
def test_another_statement_in_the_place_of_the_one_before_is_found(statement, previous, code, said):
    found, sentence = verdict(statement, previous=previous)

    assert (found, said in sentence) == (code, True), sentence


def test_after_a_change_of_keys_both_are_named():
    changed = follower(key=OTHER)

    assert verdict(changed, public(OTHER), previous=WHOLE)[0] == verify_statement.SIGNATURE
    assert verdict(changed, public(OTHER), public(), previous=WHOLE)[0] == 0


# --- The command ---------------------------------------------------------------------------------


def test_the_command_runs_on_python_alone_and_speaks_by_its_exit_code(tmp_path):
    path = tmp_path / "statement.csv"
    command = [sys.executable, "-I", "-S", str(VERIFIER), str(path), "--key", public()]
    said = []
    for data in (WHOLE, WHOLE.replace(b",1934,", b",9934,", 1)):
        path.write_bytes(data)
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        said.append((done.returncode, (done.stdout + done.stderr).strip()))

    assert said[0][0] == 0
    assert said[0][1].startswith("Statement A12-CNY-0001 of Lin's picks")
    assert said[1] == (1, "NOT VERIFIED. Line 4 was changed.")


def test_the_command_says_what_it_cannot_read(tmp_path):
    assert run(os.devnull, "--key", public())[0] == verify_statement.CHANGED
    assert run(str(tmp_path / "none.csv"), "--key", public())[0] == verify_statement.UNREADABLE
    with pytest.raises(SystemExit):
        run(str(tmp_path), "--key", "abc")


def test_ten_thousand_rows_are_checked_too():
    chance = random.Random(618)
    rows = [ROWS[0] for _row in range(chance.randrange(9_999, 10_001))]

    assert verdict(file(rows))[0] == 0


# --- The document that describes it ---------------------------------------------------------------

DOCS = VERIFIER.parent


def test_the_example_is_what_we_write_and_the_command_says_what_the_document_says():
    text = (DOCS / "statements.md").read_text()
    command, said = re.findall(r"```\n(python .*?|Statement .*?)\n```", text)
    *_python, path, key_option, key = command.split()

    assert (DOCS.parent / path).read_bytes() == WHOLE
    assert run(str(DOCS.parent / path), key_option, key) == (0, f"{said}\n")


def test_the_documents_lines_are_the_examples():
    text = (DOCS / "statements.md").read_text()
    block = text.partition("Hashes are cut short here:\n\n```\n")[2].partition("\n```")[0]
    whole = WHOLE.decode().removeprefix("\ufeff").splitlines()

    for shown, line in zip(block.splitlines(), whole, strict=True):
        pieces = shown.split("…")
        assert pieces[-1] == ""
        assert re.fullmatch(".*".join(map(re.escape, pieces)), line)
