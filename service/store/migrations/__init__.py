"""Migration scripts; run by `service.store.migrate`."""
