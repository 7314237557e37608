import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.values.digest import Digest
from entrepot.values.errors import DigestInvalid, NameInvalid, Refused, TagInvalid
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import ImageReference, parse_reference

D256 = Digest.of(b"")
D512 = Digest.of(b"", "sha512")


@pytest.mark.parametrize(("text", "expected"), [("latest", TagName("latest")), (str(D256), D256), (str(D512), D512)])
def test_a_reference_is_a_tag_or_a_digest(text, expected):
    reference = parse_reference(text)
    assert reference == expected and type(reference) is type(expected)


@pytest.mark.parametrize(
    ("text", "error"), [("", TagInvalid), (".x", TagInvalid), ("a:b", DigestInvalid), ("sha256:abc", DigestInvalid)]
)
def test_a_bad_reference_is_refused_as_what_it_looks_like(text, error):
    with pytest.raises(error):
        parse_reference(text)


@pytest.mark.parametrize(
    ("text", "host", "name", "tag", "digest"),
    [
        ("team/app", None, "team/app", None, None),
        ("team/app:1", None, "team/app", "1", None),
        ("team/app/web:1", None, "team/app/web", "1", None),
        (f"team/app@{D256}", None, "team/app", None, D256),
        (f"team/app:1@{D512}", None, "team/app", "1", D512),
        ("localhost/team/app", "localhost", "team/app", None, None),
        ("host:5000/team/app:1", "host:5000", "team/app", "1", None),
        ("registry.example/team/app", "registry.example", "team/app", None, None),
        ("Registry.Example/team/app", "Registry.Example", "team/app", None, None),
        ("127.0.0.1:5000/team/app:1", "127.0.0.1:5000", "team/app", "1", None),
        (f"[::1]:5000/team/app:1@{D256}", "[::1]:5000", "team/app", "1", D256),
        ("[::1]/team/app", "[::1]", "team/app", None, None),
    ],
)
def test_an_image_reference_falls_into_its_parts(text, host, name, tag, digest):
    image = ImageReference.parse(text)
    assert (image.host, image.name, image.tag, image.digest) == (host, name, tag, digest)
    assert image.reference == (digest or tag)
    assert str(image) == text


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", NameInvalid),
        ("app", NameInvalid),
        ("app:1", NameInvalid),
        ("host:5000/app", NameInvalid),
        ("host:0/team/app", NameInvalid),
        ("host:65536/team/app", NameInvalid),
        ("host:x/team/app", NameInvalid),
        (":5000/team/app", NameInvalid),
        ("-x.y/team/app", NameInvalid),
        ("http://host/team/app", NameInvalid),
        ("h.x" * 200 + "/team/app", NameInvalid),
        ("Team/app", NameInvalid),
        ("team/app:", TagInvalid),
        ("team/app:.x", TagInvalid),
        ("team/app:a/b", TagInvalid),
        ("team/app@", DigestInvalid),
        ("team/app@latest", DigestInvalid),
        (f"team/app@{D256}@{D256}", DigestInvalid),
    ],
)
def test_a_bad_image_reference_is_refused_for_the_part_that_is_wrong(text, error):
    with pytest.raises(error):
        ImageReference.parse(text)


@given(
    st.sampled_from([None, "localhost", "a.b", "h:1", "[::1]:80"]),
    st.sampled_from(["a/b", "a/b/c"]).map(RepositoryName),
    st.none() | st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", fullmatch=True).map(TagName),
    st.none() | st.binary().map(Digest.of),
)
def test_any_image_reference_survives_a_round_trip(host, name, tag, digest):
    image = ImageReference(host, name, tag, digest)
    assert ImageReference.parse(str(image)) == image


@given(st.text(alphabet="ab.:/@-[]1", max_size=30) | st.text())
def test_any_text_is_an_image_reference_or_refused(text):
    try:
        assert str(ImageReference.parse(text)) == text
    except Refused:
        pass
