"""The EMPD service: store, access, search, alerts, risk, exchange, pages and commands."""
