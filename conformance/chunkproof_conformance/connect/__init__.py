"""How the harness reaches a parser under test."""
