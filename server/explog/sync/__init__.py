"""Keep the index true to logs and repositories: `look` is the only door into it."""
