"""Git: the one place that runs it. Knows no org and no index."""
