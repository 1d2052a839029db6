"""Laws: what must hold for any stream, with no expected file."""
