"""A chain of blocks that forks on command, and transactions, as blockchain.info would tell them."""
