"""What the server does by itself: look for changes, settle what is pending, notify Emacs."""
