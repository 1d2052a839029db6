"""Who says what a stream means: truth, transcript, twin. Never imports chunkproof."""
