"""What commands say is grammatical, also of one thing."""

import pytest

from entrepot.cli.output import counted


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("blob",), "0 blobs"),
        (1, ("blob",), "1 blob"),
        (1_200, ("blob",), "1,200 blobs"),
        (1, ("repository", "repositories"), "1 repository"),
        (2, ("repository", "repositories"), "2 repositories"),
    ],
)
def test_of_one_there_is_one(number: int, words: tuple[str, ...], said: str) -> None:
    assert counted(number, *words) == said
