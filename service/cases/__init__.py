"""Cases: one record about one person by one authority."""
