#!/usr/bin/env python3
"""Check an archive of a Taoke Alliance without the alliance: offline, with Python alone.

    python verify_takeout.py takeout.zip --key HEX

`--key` is a public key of the alliance (/statements/keys/). verify_statement.py has to lie beside
this file: it knows the signatures, and checks the statements in the archive one by one.

Exit codes: 0 all is well, 1 a file was changed, removed or added, 2 the archive or the command cannot
be read, 3 the signature is not by the key, 4 a statement in it does not hold.
"""

import argparse
import csv
import hashlib
import json
import sys
import zipfile
import zlib

from verify_statement import Fault, _key, key_id, signature_is_by, verify

CHANGED, UNREADABLE, SIGNATURE, STATEMENT = 1, 2, 3, 4
# What broken archives, and such as are made to break this program, are read with.
BROKEN = (
    OSError,
    LookupError,
    TypeError,
    ValueError,
    RuntimeError,
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
)
MANIFEST, SIGNED = "manifest.json", "manifest.sig.json"


def check(path, keys):
    """What the archive holds, in a sentence. Raises Fault."""
    with zipfile.ZipFile(path) as archive:
        manifest = archive.read(MANIFEST)
        signed = json.loads(archive.read(SIGNED))
        digest = hashlib.sha256(manifest)
        key = next((one for one in keys if key_id(one) == signed["key_id"]), None)
        if key is None:
            raise Fault(SIGNATURE, f"It was signed with another key ({signed['key_id']}).")
        if not signature_is_by(key, digest.digest(), bytes.fromhex(signed["signature"])):
            raise Fault(SIGNATURE, "The manifest is not what was signed.")
        said = json.loads(manifest)
        names = archive.namelist()
        listed = set(said["files"]) | {MANIFEST, SIGNED}
        if len(names) != len(set(names)) or set(names) != listed:
            odd = sorted(set(names) ^ listed) or ["a name twice"]
            raise Fault(CHANGED, f"Files were removed or added: {', '.join(odd[:5])}.")
        for name, about in said["files"].items():
            with archive.open(name) as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != about["sha256"]:
                    raise Fault(CHANGED, f"{name} was changed.")
        statements = [name for name in said["files"] if name.startswith("statements/")]
        for name in statements:
            try:
                verify(archive.read(name), keys)
            except (Fault, csv.Error) as exc:
                raise Fault(STATEMENT, f"{name}: {exc}") from exc
    return (
        f"All that was kept of {said['organisation']} as of {said['as_of']} is whole and signed by"
        f" key {signed['key_id']}: {len(said['files'])} files, {len(statements)} statements."
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("archive", help="the ZIP file")
    parser.add_argument("--key", type=_key, action="append", required=True, metavar="HEX")
    options = parser.parse_args(arguments)
    try:
        print(check(options.archive, options.key))
    except Fault as exc:
        print(f"NOT VERIFIED. {exc}", file=sys.stderr)
        return exc.code
    except BROKEN as exc:
        print(f"Cannot read it: {exc}", file=sys.stderr)
        return UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
