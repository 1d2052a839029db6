"""A reference parser for OpenAI-style streamed chat completions."""
