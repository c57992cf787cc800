"""E-mail."""

import base64
import binascii
import random
from email.message import EmailMessage

import pytest
from samples import EMAIL

from sources import UnreadableError, load_sources
from sources.readers.email import read_email


def test_who_wrote_when_and_what(tmp_path):
    (tmp_path / "a.eml").write_text(EMAIL)
    (source,) = load_sources(tmp_path)
    assert source.text.split("\n\n") == [
        "The works",
        "From: Ann Able <ann@example.org> | To: Bob <bob@example.org> | "
        "Date: Wed, 19 Jun 2024 10:00:00 +0000",
        "Dear Bob,",
        "the works began on Monday.",
        "When did they begin?",
    ]
    assert (source.title, source.author, source.published) == (
        "The works", "Ann Able", "2024-06-19",
    )  # fmt: skip


def test_attachments_are_told_and_not_read(tmp_path):
    message = EmailMessage()
    message["From"] = "ann@example.org"
    message["Subject"] = "Café"
    message.set_content("See the file.")
    message.add_alternative("<p>See the <b>file</b>.</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../a.pdf")
    message.add_attachment(b"x", maintype="image", subtype="png")
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    skips = []
    (source,) = load_sources(tmp_path, on_skip=lambda *skip: skips.append(skip))
    assert source.text == "Café\n\nFrom: ann@example.org\n\nSee the file."
    assert [path for path, _ in skips] == ["a.eml/../a.pdf", "a.eml/image/png"]
    assert skips[0][1] == "an attachment is not read: save it into the library as a file"


def test_a_message_in_html_is_read():
    message = EmailMessage()
    message["Subject"] = "A"
    page = "<meta charset=iso-8859-1><style>x</style><p>Grüße.</p><p style='display:none'>SPAM</p>"
    message.set_content(page, subtype="html")
    assert read_email(message.as_bytes()).text == "A\n\nGrüße."


def test_odd_charsets_and_headers_do_not_stop_it():
    head = b"From: =?klingon?q?x?= <\nDate: never\nSubject: A\nContent-Type: text/plain; charset="
    assert "Text\ufffd." in read_email(head + b"klingon\n\nText\xff.").text
    assert "Textÿ." in read_email(head + b"latin-1\n\nText\xff.").text


def test_what_is_encrypted_or_no_message_is_refused():
    with pytest.raises(UnreadableError, match="encrypted"):
        read_email(b"From: a@example.org\nContent-Type: multipart/encrypted\n\nx")
    with pytest.raises(UnreadableError, match="no e-mail"):
        read_email(b"Just text.\n")


def test_the_html_is_read_where_the_plain_text_is_a_placeholder():
    mail = (
        "From: a@example.org\nSubject: S\nContent-Type: multipart/alternative; boundary=y\n\n"
        "--y\nContent-Type: text/plain\n\n{}\n--y\nContent-Type: text/html\n\n"
        "<p>The weir opens on 4 May.</p>\n--y--\n"
    )
    for plain in ("Please use another program.", "The weir opens on 4 May."):
        text = read_email(mail.format(plain).encode()).text
        assert text.endswith("The weir opens on 4 May.")
        assert "program" not in text


def test_a_forwarded_message_is_read_with_its_own_head():
    mail = (
        "From: a@example.org\nSubject: Fwd\nContent-Type: multipart/mixed; boundary=x\n\n"
        "--x\nContent-Type: text/plain\n\nSee below.\n--x\nContent-Type: message/rfc822\n\n"
        "From: b@example.org\nSubject: Weir\nContent-Type: text/plain\n\nIt is shut.\n--x--\n"
    )
    extract = read_email(mail.encode())
    assert extract.text.split("\n\n")[-4:] == [
        "See below.", "Weir", "From: b@example.org", "It is shut.",
    ]  # fmt: skip
    assert extract.unread == ()


def test_a_message_within_a_message_is_read_though_it_is_encoded_as_a_whole():
    inner = b"From: b@example.org\nSubject: Weir\nContent-Type: text/plain\n\nIt is shut."
    mail = (
        b"From: a@example.org\nSubject: Fwd\nContent-Type: multipart/mixed; boundary=x\n\n"
        b"--x\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(inner) + b"--x--\n"
    )  # fmt: skip
    found = read_email(mail).text.split("\n\n")
    assert found[-3:] == ["Weir", "From: b@example.org", "It is shut."]


@pytest.mark.parametrize(
    "body",
    [
        base64.encodebytes(random.Random(1).randbytes(300)),
        base64.encodebytes(b"The weir is shut for three weeks.")[:-4],
    ],
    ids=["of something else", "cut"],
)
def test_a_part_that_says_it_is_text_and_is_none_is_told_and_not_read(body):
    head = b"From: a@example.org\nSubject: Weir\nContent-Type: text/plain; charset=%s\n"
    for charset in (b"utf-8", b"latin-1"):
        found = read_email(head % charset + b"Content-Transfer-Encoding: base64\n\n" + body)
        assert found.text == "Weir\n\nFrom: a@example.org"
        assert [name for name, _ in found.unread] == ["a part of the message"]


def test_a_file_written_into_a_message_in_letters_is_told_and_not_read():
    data = random.Random(2).randbytes(200)
    uu = b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, 200, 45))
    for lines in (b"begin 644 weir.jpg\n" + uu + b"`\nend\n", base64.encodebytes(data)):
        found = read_email(b"Subject: Weir\n\nSee this:\n" + lines + b"It was shut in May.\n")
        assert found.text.split("\n\n") == ["Weir", "See this:", "It was shut in May."]
        ((name, why),) = found.unread
        many = len(lines.splitlines())
        assert name == "encoded data" and why.startswith(f"{many} lines are")
