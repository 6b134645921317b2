"""Tests of the dropout mask generator: known answers, statistics, exact invariance, and mutants that must fail."""
