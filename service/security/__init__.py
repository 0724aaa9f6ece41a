"""Who may do what: passwords, sessions, tokens, policy, CSRF, response headers."""
