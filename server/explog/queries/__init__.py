"""Questions to the index, one module for each: search, agenda, history, outline, recent."""
