"""Session windows by definition (R6, R7): a record's candidate is its own [t, t + G + 1) and all open sessions of its group
that overlap it. A closed session neither extends nor blocks, and is never opened again."""
import rows
from windowed import Windowed


class Session:
    def __init__(self, first, last, members, step):
        self.first, self.last, self.members, self.step = first, last, members, step
        self.swallowed = set()    # starts that sessions had which are part of this one


class Sessions(Windowed):
    """`kind` is the gap G."""

    def __init__(self, config):
        super().__init__(config)
        self.sessions = {}    # group -> all of its sessions, closed ones too
        self.candidate, self.vanished = None, []    # of the record placed last: its session; [(start, group)] that are no more

    def kind_of(self, window):
        return rows.duration_us(window["session"])

    def end(self, session):
        return session.last + self.kind + 1

    def place(self, row, group, mark):
        """R6: late iff W >= e(candidate) + L; else the candidate is the session now."""
        own = Session(row.at, row.at, [], self.step)
        there = self.sessions.setdefault(group, [])
        merged = [one for one in there if self.open(self.end(one), mark)
                  and one.first < self.end(own) and own.first < self.end(one)]
        candidate = Session(min([own.first, *(one.first for one in merged)]), max([own.last, *(one.last for one in merged)]),
                            sum((one.members for one in merged), []) + [row.values], self.step)
        if not self.open(self.end(candidate), mark):
            self.dropped(row)
            return
        self.counts["used"] += 1
        self.sessions[group] = [one for one in there if one not in merged] + [candidate]
        self.candidate = candidate
        starts = [one.first for one in merged if one.first != candidate.first]
        candidate.swallowed = set(starts).union(*(one.swallowed for one in merged))
        self.vanished += [(start, group) for start in starts]

    def ends(self):
        return [self.end(one) for found in self.sessions.values() for one in found]

    def released(self, inputs):
        for group, found in self.sessions.items():
            for one in found:
                key = (one.first, self.end(one)), group
                self.tables[key], self.fed[key] = one.members, one.step
        return super().released(inputs)

    def shown(self, end):
        """Contract §3: window_end = last event + gap."""
        return end - 1
