"""How good scored pairs are: pure functions of weights and truth."""
