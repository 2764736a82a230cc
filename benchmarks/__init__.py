"""Commands that measure Atelier side by side with a peer, and print figures."""
