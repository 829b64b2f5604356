"""What Emacs may ask of the server, one module for each use case; `core` registers them all."""
