"""What things are: digest, name, tag, reference, media type, descriptor, manifest, platform, range, errors.

Everything here is parsed or refused, and immutable afterwards. Standard library only; no file, no network, no await.
This is the lowest floor: it calls nothing and every other room may call it. Start reading in `digest.py` and
`manifest.py`; `errors/` draws the tree of everything that can go wrong in the house.
"""
