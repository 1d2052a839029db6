"""What a parser reported, set against what it must report: values in, verdicts out."""
