"""Bytes as the characters that they were written with, and whether those make words."""

import re

# PDF, zip (.docx), RTF, OLE (.doc): some of them hold no NUL and would pass for text.
_BINARY = (b"%PDF", b"PK\x03\x04", b"{\\rtf", b"\xd0\xcf\x11\xe0")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Windows-1252 is Latin-1 with characters in place of 27 controls; the other five stay controls.
_WINDOWS = {
    code: character for code in range(0x80, 0xA0) if (character := bytes([code]).decode("cp1252", "ignore")) != ""
}
_STRAY = {0xDC00 + code: _WINDOWS.get(code, chr(code)) for code in range(0x80, 0x100)}

# What reports consist of: ASCII, the letters of Spanish and its marks, typography, boxes and bullets (those of Word's
# symbol fonts too), and accents written apart.
_UNLIKELY = re.compile(
    r"[^\s\x20-\x7eáéíóúüñÁÉÍÓÚÜÑ¿¡ºª°®·«»±´²\u0300-\u036f\u2000-\u2bff\uf000-\uf0ff]|[\x00-\x08\x0e-\x1f\x7f]"
)
_LONG_WORD = re.compile(r"[^\W\d_]{5,}")  # shorter ones may be abbreviations (MMG BIL, TFG DISP)
_VOWEL = re.compile(r"[aeiouáéíóúü]", re.IGNORECASE)
_MOST_UNLIKELY = 1 / 3  # of the characters; accents, even when each is spoilt into three others, are far fewer
_FEWEST_VOWELS = 1 / 4  # of the letters of long words: no language has so few, and most have more than a third
_ENOUGH_LETTERS = 200  # to judge by vowels


def decode(data: bytes) -> str | None:
    """The text in `data`; None where it is no text.

    UTF-16 where a mark says so, else UTF-8, else Windows-1252, which reads Latin-1 as well. In UTF-8 with stray bytes
    (a character cut in two, a line from another program) only those are read as Windows-1252. Nothing else is guessed:
    the bytes of other encodings mean letters in these too.
    """
    if data.startswith(_BINARY):
        return None
    is_utf16 = data.startswith(_UTF16_MARKS)
    try:
        text = data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        if is_utf16:
            return None
        text = _decode_8bit(data)
    return None if "\x00" in text else text


def _decode_8bit(data: bytes) -> str:
    mixed = data.decode("utf-8-sig", "surrogateescape")
    strays = sum(character in _STRAY for character in map(ord, mixed))
    sound = sum(character >= 0x80 for character in map(ord, mixed)) - strays
    # Two bytes of Windows-1252 hardly ever look like one character of UTF-8.
    if sound > strays:
        return mixed.translate(_STRAY)
    return data.decode("latin-1").translate(_WINDOWS)


def is_garbled(text: str) -> bool:
    """Whether most of a text is no words: other data read as text, or letters shifted by a font or a code.

    A text is given the benefit of the doubt: lost accents, capitals, numbers and a few words are no reason.
    """
    unlikely = len(_UNLIKELY.findall(text))
    if unlikely and unlikely > _MOST_UNLIKELY * len("".join(text.split())):
        return True
    letters = "".join(_LONG_WORD.findall(text))
    return len(letters) >= _ENOUGH_LETTERS and len(_VOWEL.findall(letters)) < _FEWEST_VOWELS * len(letters)
