"""The matching record of each case, a projection of its claims: one short row, quick to read."""
