"""Mirrors with a real registry as the upstream, behind a wire that misbehaves when told to."""
