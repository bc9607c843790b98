"""The index partition of a key, as numbers for the stores in memory."""

import zlib


def shard_of(key, shards):
    return zlib.crc32(key.encode()) % shards
