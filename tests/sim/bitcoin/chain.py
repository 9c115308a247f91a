"""The chain: blocks are a pure function of (seed, branch, height); reorganisations are made by branches."""
import hashlib

START_S = 1_760_000_000


def digest(*parts):
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


class Chain:
    def __init__(self, seed, height, blocks):
        self.seed = seed
        self.blocks = {}                # hash -> block
        self.main = []                  # hashes by height from `first` on
        self.first = height - blocks + 1
        for _ in range(blocks):
            self.mine()

    def tip(self):
        return self.blocks[self.main[-1]]

    def height(self):
        return self.first + len(self.main) - 1

    def mine(self, branch=0, time_s=None):
        height = self.first + len(self.main)
        previous = self.main[-1] if self.main else digest(self.seed, "before")
        block = self.block(height, previous, branch, time_s)
        self.main.append(block["hash"])
        return block

    def block(self, height, previous, branch, time_s=None):
        name = digest(self.seed, branch, height)
        jitter = int(name[:4], 16) % 3000 - 1500    # miners' clocks are what they are
        block = {"hash": name, "ver": 536870912, "prev_block": previous, "mrkl_root": digest(name, "root"),
                 "time": time_s or START_S + height * 600 + jitter, "bits": 386000000, "fee": 1000, "nonce": height, "n_tx": 2,
                 "size": 500, "block_index": height, "height": height, "main_chain": False, "weight": 1600,
                 "tx": [transaction(self.seed, f"{name}/{i}", height) for i in range(2)]}
        self.blocks[name] = block
        return block

    def reorganise(self, depth, branch):
        """The last `depth` blocks lose against depth + 1 others."""
        lost, self.main = self.main[-depth:], self.main[:-depth]
        for _ in range(depth + 1):
            self.mine(branch)
        return lost

    def at(self, height):
        """All blocks of a height, those of dead branches too; main_chain of the living one is true."""
        found = [dict(block) for block in self.blocks.values() if block["height"] == height]
        for block in found:
            block["main_chain"] = block["hash"] in self.main
        return sorted(found, key=lambda block: block["hash"])


def transaction(seed, name, time_s):
    outs = [{"spent": False, "tx_index": 0, "type": 0, "addr": "bc1qexample1", "value": 2_100_000_000_000_000, "n": 0, "script": "00"},
            {"spent": False, "tx_index": 0, "type": 0, "value": 0, "n": 1, "script": "6a04deadbeef"}]
    return {"lock_time": 0, "ver": 2, "size": 222, "time": time_s, "tx_index": 0, "vin_sz": 1, "vout_sz": 2, "hash": digest(seed, "tx", name),
            "relayed_by": "0.0.0.0", "out": outs,
            "inputs": [{"sequence": 4294967295, "script": "", "prev_out": {"spent": True, "tx_index": 0, "type": 0, "addr": "bc1qexample0", "value": 150000, "n": 1, "script": "00"}}]}
