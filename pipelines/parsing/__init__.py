"""One file per source format: bytes in, typed rows or refusals out."""
