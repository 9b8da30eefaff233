"""Reads mails on standard input, each behind a line with its length, and says what Python's parser finds in each."""
import email
import email.policy
import json
import re
import sys
from email.header import decode_header, make_header
from email.utils import getaddresses


def people(text, mail):
    found = [[person.display_name, person.addr_spec] for person in mail["To"].addresses]
    older = email.message_from_string(text)["To"]
    if not re.search(r"\?=\s+=\?", older):
        return found
    # This reader shows the space between two encoded words of a name, against RFC 2047 section 6.2 (before Python 3.13.2);
    # the older one doesn't.
    names = [[str(make_header(decode_header(name))), address] for name, address in getaddresses([older])]
    assert [address for _, address in names] == [address for _, address in found], (names, found)
    return names


while length := sys.stdin.buffer.readline():
    # Bytes are taken for ASCII; a header section in UTF-8 (RFC 6532) has to come as a string.
    text = sys.stdin.buffer.read(int(length)).decode("utf-8")
    mail = email.message_from_string(text, policy=email.policy.SMTPUTF8)
    # get_filename() takes quotes off that belong to the name.
    files = [part["Content-Disposition"].params.get("filename") for part in mail.iter_attachments()]
    said = {"subject": str(mail["Subject"]), "people": people(text, mail), "files": files}
    sys.stdout.buffer.write(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
