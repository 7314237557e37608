"""Archives: images in files, as `docker save` writes them and as OCI image layouts, read and written as streams.

An archive is a tar file (plain, gzip or Zstandard) or, for a layout, a folder. Nothing in it is believed: names, sizes,
counts, depth, documents and what compressed bytes unpack to are bounded by `settings.py`, and everything that has a
digest is checked against it. What is refused is refused as ArchiveInvalid, in a sentence.

Start reading at `opening.py` (file in, images out) and `layout.py`; `writing.py` is the way back. Files are read where
they lie; only what is compressed as a whole, and layers that must be compressed, go through temporary files of bounded
size (`scratch.py`).

Everything here blocks, so a server calls it in threads. It works in bounded pieces and calls `watch` after each with
the number of bytes it went through; what `watch` raises ends the work and leaves nothing behind.

A file must be seekable, for an archive may name its layers before or after they come (`docker save` writes
`manifest.json` near the end). Reading from a stream would need a place that takes every member by its digest as it
comes (a blob store does), and the documents at the end to say which of them were wanted; `read_tar` is the only thing
to be replaced. `opening.open_stream` does it the simple way: it copies a stream into a temporary file first.

Calls `values` only.
"""
