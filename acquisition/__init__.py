"""Bytes to samples: links, decoder, clock, ring, journal, recorder. Knows no numba and no Qt."""
