"""What stands between a browser and the pages: the server, addresses, visitors and what they upload."""
