"""One layer of the network a file, all of one shape: trace first, plain values, the thing the next step needs."""
