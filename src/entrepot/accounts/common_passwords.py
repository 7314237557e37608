"""Passwords that are tried first. The words are our own collection, and rules cover what is made of them."""

from typing import Final

_CHARS_DIFFERENT_MIN: Final = 4
_TRIMMED: Final = "0123456789!?.,;:-_+*#$%&@=/ "
_LONG: Final = 20  # what is this long is no variation of one word
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
)
_WORDS: Final = frozenset(
    [
        "admin",
        "administrator",
        "access",
        "baseball",
        "batman",
        "changeme",
        "computer",
        "default",
        "docker",
        "dragon",
        "entrepot",
        "flower",
        "football",
        "freedom",
        "hello",
        "helloworld",
        "huawei",
        "iloveyou",
        "internet",
        "killer",
        "letmein",
        "letmein",
        "login",
        "lovely",
        "manager",
        "master",
        "michael",
        "monkey",
        "mustang",
        "mypassword",
        "nothing",
        "operator",
        "p@ssw0rd",
        "pa$$word",
        "pass",
        "passw0rd",
        "password",
        "passwort",
        "princess",
        "private",
        "qazwsx",
        "qazwsxedc",
        "qwer",
        "qwerty",
        "qwertyui",
        "registry",
        "root",
        "secret",
        "server",
        "service",
        "shadow",
        "starwars",
        "summer",
        "sunshine",
        "superman",
        "superuser",
        "support",
        "swordfish",
        "system",
        "temporary",
        "test",
        "tester",
        "testing",
        "trustno",
        "tweety",
        "user",
        "username",
        "welcome",
        "welcometo",
        "whatever",
        "winter",
        "woaini",
        "yourpassword",
        "zaqxsw",
    ]
)


def is_common(password: str) -> bool:
    """Whether a password is a common word with digits and signs around it, a run of keys, or few characters."""
    lower = password.casefold()
    if len(lower) >= _LONG and len(set(lower)) >= _CHARS_DIFFERENT_MIN:
        return False
    stem = lower.strip(_TRIMMED)
    if len(set(lower)) < _CHARS_DIFFERENT_MIN or stem in _WORDS or lower in _WORDS:
        return True
    half = len(lower) // 2
    return (lower[:half] in _WORDS and lower[half:] == lower[:half]) or any(_runs(lower, row) for row in _ROWS)


def _runs(text: str, row: str) -> bool:
    return text in row or text in row[::-1]
