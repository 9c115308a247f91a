#!/usr/bin/python3
"""Writes tx.jsonl and blocks.jsonl: four hours of bitcoin as the `blockchain` plugin puts it out, made up from a seed.

A transaction waits in the pool until a block has room for it; those that pay more per byte go first. Once the chain is
reorganised: two blocks are taken back (`orphan`, newest first) and replaced by two that hold other transactions.
Blocks carry the hashes of their transactions, as `/rawblock` does.
"""
import argparse
import hashlib
import json
import pathlib
import random

START_S = 1611618000    # 2021-01-26
BLOCK_BYTES = 260000


def digest(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def transaction(rng, seed, number, at):
    """The message, and what the miner goes by: (fee per byte, hash, size)."""
    inputs = rng.choice((1, 1, 1, 2, 3, 8))
    outputs = rng.choice((1, 2, 2, 2, 3, 12))
    size = 10 + 148 * inputs + 34 * outputs
    amount = int(10 ** rng.uniform(4, 9.4)) if rng.random() < .9995 else rng.randrange(10**11, 9 * 10**11)
    fee = int(size * rng.lognormvariate(3.4, .9))
    spent = [(amount + fee) // inputs] * inputs
    spent[0] += amount + fee - sum(spent)
    paid = [amount // outputs] * outputs
    paid[0] += amount - sum(paid)
    hash_ = digest(seed, "tx", number)
    x = {"lock_time": 0, "ver": 2, "size": size,
         "inputs": [{"sequence": 4294967295, "prev_out": {"spent": True, "tx_index": 0, "type": 0, "addr": "1" + digest(number, "in", n)[:33],
                                                          "value": value, "n": n}} for n, value in enumerate(spent)],
         "time": at, "tx_index": 0, "vin_sz": inputs, "hash": hash_, "vout_sz": outputs, "relayed_by": "0.0.0.0",
         "out": [{"spent": False, "tx_index": 0, "type": 0, "addr": "bc1q" + digest(number, "out", n)[:38], "value": value, "n": n}
                 for n, value in enumerate(paid)]}
    return {"op": "utx", "x": x}, (fee / size, hash_, size)


class Chain:
    """Mines from the pool; `messages` are what the feed says, in order."""

    def __init__(self, rng, seed):
        self.rng, self.seed = rng, seed
        self.pool, self.blocks, self.messages, self.made = [], [], [], 0
        self.height = 667800

    def mine(self, at, leave_out=0.0):
        chosen, rest, size = [], [], 0
        for transaction_ in sorted(self.pool, reverse=True):
            fits = size + transaction_[2] <= BLOCK_BYTES and self.rng.random() >= leave_out
            (chosen if fits else rest).append(transaction_)
            size += transaction_[2] if fits else 0
        self.pool, self.height, self.made = rest, self.height + 1, self.made + 1
        block = {"hash": "00000000" + digest(self.seed, "block", self.made)[8:], "height": self.height, "time": at, "nTx": len(chosen),
                 "size": size + 300, "weight": 4 * size + 1200, "ver": 536870912, "blockIndex": self.height, "bits": 386736569,
                 "prevBlock": self.blocks[-1][0]["hash"] if self.blocks else "0" * 64, "fee": int(sum(t[0] * t[2] for t in chosen)),
                 "tx": [{"hash": t[1], "fee": round(t[0] * t[2]), "size": t[2]} for t in chosen]}
        self.blocks.append((block, chosen))
        self.messages.append({"op": "block", "at": at, "x": block})

    def reorganise(self, at):
        for _ in range(2):
            block, chosen = self.blocks.pop()
            self.pool += chosen
            self.height -= 1
            self.messages.append({"op": "orphan", "height": block["height"], "hash": block["hash"], "at": at})
        self.mine(at, leave_out=.3)
        self.mine(at, leave_out=.3)


def feed(records, seed):
    rng = random.Random(seed)
    chain, transactions = Chain(rng, seed), []
    next_block, reorganise_at = START_S + 500, START_S + 9000
    for number in range(records):
        at = START_S + number * 14400 // records
        if at >= next_block:
            chain.mine(at)
            next_block = at + int(rng.expovariate(1 / 600)) + 30
        if reorganise_at and at >= reorganise_at and len(chain.blocks) > 4:
            chain.reorganise(at)
            reorganise_at = None
        message, offer = transaction(rng, seed, number, at - rng.choice((0, 0, 0, 1, 2)))
        transactions.append(message)
        chain.pool.append(offer)
    return transactions, chain.messages


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", default=".")
    parser.add_argument("--records", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name, messages in zip(("tx", "blocks"), feed(options.records, options.seed)):
        with open(pathlib.Path(options.out) / f"{name}.jsonl", "w", encoding="utf-8") as out:
            for message in messages:
                out.write(json.dumps(message, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
