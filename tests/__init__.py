"""What the program promises, tried against real sockets, a real kernel and a real browser."""
