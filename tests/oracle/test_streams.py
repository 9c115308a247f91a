"""The rules' own vectors for joins, dedupe and lookups (R19, R31-R33), asked of the oracle."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import pipeline    # noqa: E402


def answer(operators, inputs, disorder="0s"):
    """Inputs are lists of (time in s, key, number) per source."""
    config = {"sources": {name: {"event_time": {"field": "t", "unit": "s", "out_of_orderness": disorder}} for name in inputs},
              "operators": operators, "sinks": {name: {"from": name} for name in operators}}
    return pipeline.Answer(config, {name: [json.dumps({"t": t, "k": k, "n": n}).encode() for t, k, n in records]
                                    for name, records in inputs.items()})


def told(found, name="o"):
    """The values of every row that an operator put out, and how many records were late."""
    return [tuple(row.values.values()) for step in found.streams[name].rows for row in step], found.operators[name].ledger["late"]


def joined(left, right, kind="inner", disorder="0s", **more):
    """Left numbers beside right ones; a right record may lie 2 s before to 3 s behind a left one."""
    select = {"l": "a.n"} if kind in ("semi", "anti") else {"l": "a.n", "r": "b.n"}
    operator = {"from": "a", "join": {"with": "b", "on": ["k"], "type": kind, "within": {"before": "2s", "after": "3s"}}, "select": select}
    return told(answer({"o": {**operator, **more}}, {"a": left, "b": right}, disorder))


class Joins(unittest.TestCase):
    def test_R32_bounds_are_inclusive_at_both_ends(self):
        self.assertEqual(joined([(10, "k", 1)], [(t, "k", t) for t in (7, 8, 13, 14)]), ([(1, 8), (1, 13)], 0))

    def test_R32_null_joins_nothing(self):
        self.assertEqual(joined([(1, None, 1)], [(1, None, 2)]), ([], 0))

    def test_R32_a_record_whose_life_is_over_still_joins_a_partner_that_lives(self):
        """At W = 10 s the right one of 9 lives; a left one of 6 lived until 9 s + 1 us, but lies within the bounds."""
        right = [(9, "k", 1), (10, "y", 2), (30, "x", 3)]
        for t, rows, late in ((7, [(0, 1)], 0), (6, [(0, 1)], 0), (5, [], 1)):
            self.assertEqual(joined([(12, "x", 9), (t, "k", 0)], right), (rows, late))

    def test_R32_padded_rows_come_once_at_the_end_of_the_life(self):
        left, right = [(1, "k", 1), (2, "m", 2)], [(1, "k", 3), (9, "z", 4)]
        self.assertEqual(joined(left, right, "left")[0], [(1, 3), (2, None)])
        self.assertEqual(joined(left, right, "right")[0], [(1, 3), (None, 4)])
        self.assertEqual(joined(left, right, "full")[0], [(1, 3), (2, None), (None, 4)])

    def test_R32_semi_and_anti_tell_the_left_side_once(self):
        left, right = [(1, "k", 1), (2, "m", 2)], [(1, "k", 3), (2, "k", 4)]
        self.assertEqual(joined(left, right, "semi")[0], [(1,)])
        self.assertEqual(joined(left, right, "anti")[0], [(2,)])

    def test_R19_no_row_lies_behind_the_output_watermark(self):
        left, right = ([(t + t * step % 7, "ab"[t % 2], t) for t in range(40)] for step in (3, 5))
        operator = {"from": "a", "join": {"with": "b", "on": ["k"], "type": "full", "within": {"before": "2s", "after": "3s"}},
                    "select": {"l": "a.n"}, "allowed_lateness": "1s"}
        stream = answer({"o": operator}, {"a": left, "b": right}, "2s").streams["o"]
        for step, rows in enumerate(stream.rows):
            self.assertTrue(all(row.at >= stream.before(step) for row in rows))


class Dedupe(unittest.TestCase):
    def deduped(self, records, which, disorder="0s", **more):
        dedupe = {"from": "a", "dedupe": {"by": ["k"], "keep": "5s", "which": which}, "select": {"n": "n"}, **more}
        found = answer({"o": dedupe}, {"a": records}, disorder)
        return *told(found), found.operators["o"].ledger["duplicates"]

    def test_R33_a_duplicate_up_to_d_behind_the_first(self):
        self.assertEqual(self.deduped([(1, "k", 1), (6, "k", 2), (7, "k", 3)], "first"), ([(1,), (3,)], 0, 1))

    def test_R33_an_earlier_time_of_a_known_id_is_a_duplicate(self):
        self.assertEqual(self.deduped([(5, "k", 1), (4, "k", 2)], "first", "1s"), ([(1,)], 0, 1))

    def test_R33_late_iff_behind_w_less_the_lateness(self):
        records = [(10, "k", 1), (8, "m", 2)]
        self.assertEqual(self.deduped(records, "first")[1], 1)
        self.assertEqual(self.deduped(records, "first", allowed_lateness="2s")[1], 0)

    def test_R33_the_last_is_told_when_the_id_is_forgotten(self):
        rows, late, duplicates = self.deduped([(1, "k", 1), (3, "k", 2), (2, "k", 3), (9, "m", 4)], "last", "1s")
        self.assertEqual((rows, late, duplicates), ([(2,), (4,)], 0, 2))


class Lookups(unittest.TestCase):
    def looked_up(self, stream, table, kind="left", keep="100s", as_of=None):
        as_of = as_of or {"as_of": "event_time", "keep": keep}
        operators = {"t": {"from": "b", "table": {"key": ["k"], "delete": "n = 0"}},
                     "o": {"from": "a", "join": {"with": "t", "on": ["k"], "type": kind, **as_of},
                           "select": {"n": "a.n", "r": "t.n"}}}
        return told(answer(operators, {"a": stream, "b": table}))

    def test_R31_the_newest_version_up_to_the_time_of_equal_ones_the_later(self):
        table = [(1, "k", 11), (5, "k", 12), (5, "k", 13), (6, "k", 14)]
        self.assertEqual(self.looked_up([(0, "k", 1), (1, "k", 2), (5, "k", 3)], table)[0], [(1, None), (2, 11), (3, 13)])

    def test_R31_a_deleted_row_is_none(self):
        stream, table = [(1, "k", 1), (3, "k", 2)], [(1, "k", 11), (2, "k", 0)]
        self.assertEqual(self.looked_up(stream, table)[0], [(1, 11), (2, None)])
        self.assertEqual(self.looked_up(stream, table, "inner")[0], [(1, 11)])
        self.assertEqual(self.looked_up(stream, table, "anti")[0], [(2, None)])

    def test_R31_the_stream_waits_for_the_table(self):
        self.assertEqual(self.looked_up([(5, "k", 1)], [(9, "x", 11), (4, "k", 12)])[0], [(1, None)])
        self.assertEqual(self.looked_up([(5, "k", 1)], [(4, "k", 12), (5, "k", 13)])[0], [(1, 13)])

    def test_R31_late_iff_behind_the_history(self):
        self.assertEqual(self.looked_up([(10, "k", 1), (5, "k", 2), (4, "k", 3)], [(1, "k", 11)], keep="5s"), ([(1, 11), (2, 11)], 1))

    def test_R31_latest_is_what_came_last_whatever_its_time(self):
        """By (event time of the head, order in the configuration), R22: (9, 11) comes before (2, 12), which stands behind it."""
        stream, table = [(1, "k", 1), (10, "k", 2), (5, "k", 3), (11, "x", 4)], [(9, "k", 11), (2, "k", 12), (10, "k", 13)]
        latest = {"as_of": "latest"}
        self.assertEqual(self.looked_up(stream, table, as_of=latest), ([(1, None), (2, 12), (3, 12), (4, None)], 0))
        self.assertEqual(self.looked_up(stream, [*table[:2], (2, "k", 0)], "anti", as_of=latest), ([(1, None), (2, None), (3, None), (4, None)], 0))


if __name__ == "__main__":
    unittest.main()
