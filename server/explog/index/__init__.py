"""The index: what is known of logs and commits, and how it is asked. Runs no git, reads no log."""
