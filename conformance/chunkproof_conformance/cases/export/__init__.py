"""The corpus as plain files, for implementations in any language: `chunkproof export`."""
