"""The rules' own vectors for windows, watermarks, merging, chaining and order, asked of the oracle."""
import datetime
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import marks    # noqa: E402
import pipeline    # noqa: E402
import windows    # noqa: E402

TICK = 10**6    # one tick of the page = 1 s here


def answer(operators, inputs, b="0s", sinks=None, later=None):
    config = {"sources": {name: {"event_time": {"field": "t", "unit": "s", "out_of_orderness": b}} for name in inputs},
              "operators": operators,
              "sinks": sinks or {name: {"from": name} for name in [*operators, *(f"{n}.late" for n, o in operators.items() if "window" in o)]}}
    runs = [{name: [f'{{"t":{t},"k":"{k}"}}'.encode() for t, k in records] for name, records in run.items()}
            for run in (inputs, later) if run]
    return pipeline.Answer(config, *runs)


def counting(window, **more):
    return {"from": "a", "window": window, "select": {"n": "count(*)"}, **more}


def spans(found, name):
    """[(start, end, n)] in seconds of what the operator wrote."""
    rows = [row.values for step in found.streams[name].rows for row in step]
    return [(row["window_start"] // TICK, row["window_end"] // TICK, row.get("n")) for row in rows]


class Kinds(unittest.TestCase):
    def test_tumbling_vectors_of_r3(self):
        for t, start in ((-1, -10), (-10, -10), (-11, -20), (0, 0)):
            self.assertEqual(windows.Tumbling(10).of(t), [(start, start + 10)])

    def test_tumbling_far_before_a_negative_offset(self):
        self.assertEqual(windows.Tumbling(10, -7).of(-28), [(-37, -27)])

    def test_hopping_vector_of_r4_where_the_hop_does_not_divide_the_size(self):
        self.assertEqual(windows.Hopping(12, 5).of(5), [(-5, 7), (0, 12), (5, 17)])

    def test_cumulative_of_r40_feeds_only_ends_behind_the_record(self):
        kind = windows.Cumulative(12, 4)
        self.assertEqual(kind.of(0), [(0, 4), (0, 8), (0, 12)])
        self.assertEqual(kind.of(4), [(0, 8), (0, 12)])
        self.assertEqual(kind.of(-1), [(-12, 0)])


def utc(text):
    return int(datetime.datetime.fromisoformat(text + "+00:00").timestamp()) * TICK


class Calendars(unittest.TestCase):
    """R8, worked out by hand from the zones' rules."""

    def days(self, zone, unit, *bounds):
        calendar = windows.Calendar(unit, zone)
        for start, end in zip(bounds, bounds[1:]):
            for at in (utc(start), utc(end) - 1, (utc(start) + utc(end)) // 2):
                self.assertEqual(calendar.of(at), [(utc(start), utc(end))])

    def test_berlin_has_days_of_23_and_25_hours(self):
        self.days("Europe/Berlin", "day", "2024-03-29T23:00", "2024-03-30T23:00", "2024-03-31T22:00", "2024-04-01T22:00")
        self.days("Europe/Berlin", "day", "2024-10-26T22:00", "2024-10-27T23:00")
        self.days("Europe/Berlin", "week", "2024-03-24T23:00", "2024-03-31T22:00")
        self.days("Europe/Berlin", "month", "2024-02-29T23:00", "2024-03-31T22:00", "2024-04-30T22:00")

    def test_sao_paulo_begins_a_day_at_one(self):
        self.days("America/Sao_Paulo", "day", "2018-11-03T03:00", "2018-11-04T03:00", "2018-11-05T02:00")

    def test_apia_has_an_empty_day(self):
        self.days("Pacific/Apia", "day", "2011-12-29T10:00", "2011-12-30T10:00", "2011-12-31T10:00")

    def test_the_hour_repeated_over_midnight_belongs_to_the_day_that_began(self):
        self.days("America/St_Johns", "day", "2010-11-06T02:30", "2010-11-07T02:30", "2010-11-08T03:30")

    def test_kathmandu_and_lord_howe(self):
        self.days("Asia/Kathmandu", "day", "1985-12-30T18:30", "1985-12-31T18:30", "1986-01-01T18:15")
        self.days("Australia/Lord_Howe", "day", "2024-04-06T13:00", "2024-04-07T13:30")

    def test_weeks_begin_on_monday_and_years_on_the_first_of_january(self):
        self.days("UTC", "week", "2023-12-25T00:00", "2024-01-01T00:00", "2024-01-08T00:00")
        self.days("UTC", "year", "1969-01-01T00:00", "1970-01-01T00:00")


class NewTimes(unittest.TestCase):
    def test_r41_the_watermark_is_made_from_the_new_time(self):
        retimed = {"from": "a", "select": {"t": "t - n", "k": "k"}, "event_time": {"field": "t", "unit": "s"}}
        lines = [f'{{"t":{t},"n":{n},"k":"k"}}'.encode() for t, n in ((100, 95), (101, 89), (102, 99), (103, "null"))]
        config = {"sources": {"a": {"event_time": {"field": "t", "unit": "s"}}}, "sinks": {},
                  "operators": {"u": retimed, "o": counting({"tumbling": "10s"}, **{"from": "u"})}}
        found = pipeline.Answer(config, {"a": lines})
        # 5, 12, then 3 behind W = 12: late; no n: no time.
        self.assertEqual(spans(found, "o"), [(0, 10, 1), (10, 20, 1)])
        self.assertEqual(found.operators["o"].ledger["late"], 1)
        self.assertEqual(found.operators["u"].ledger["errors"], 1)


class Lateness(unittest.TestCase):
    def test_late_exactly_when_w_reaches_end_plus_lateness(self):
        for last, late in ((18, 0), (19, 0), (20, 1)):
            found = answer({"o": counting({"tumbling": "10s"}, allowed_lateness="5s")}, {"a": [(1, "k"), (last, "k"), (2, "k")]}, "5s")
            self.assertEqual(found.operators["o"].ledger["late"], late)
            self.assertEqual(found.outputs["o.late"], b'{"t":2,"k":"k"}\n' * late)

    def test_late_for_some_windows_is_partial_and_dropped_from_those_only(self):
        found = answer({"o": counting({"hopping": "10s", "every": "5s"})}, {"a": [(11, "k"), (6, "k")]})
        self.assertEqual(spans(found, "o"), [(5, 15, 2), (10, 20, 1)])
        ledger = found.operators["o"].ledger
        self.assertEqual((ledger["used"], ledger["late_partial"], ledger["late"]), (2, 1, 0))

    def test_a_closed_cumulative_window_is_not_opened_by_a_record_for_its_longer_ones(self):
        found = answer({"o": counting({"cumulative": "12s", "every": "4s"})}, {"a": [(5, "k"), (1, "k")]})
        self.assertEqual(spans(found, "o"), [(0, 8, 2), (0, 12, 2)])

    def test_filtered_records_move_the_watermark(self):
        found = answer({"o": counting({"tumbling": "10s"}, filter="k = 'a'")}, {"a": [(1, "a"), (100, "x"), (2, "a")]})
        ledger = found.operators["o"].ledger
        self.assertEqual((ledger["used"], ledger["filtered"], ledger["late"], ledger["rows"]), (1, 1, 1, 3))


class Sessions(unittest.TestCase):
    def session(self, times, b="0s", **more):
        found = answer({"o": counting({"session": "5s"}, **more)}, {"a": [(t, "k") for t in times]}, b)
        return spans(found, "o"), found.operators["o"].ledger["late"]

    def test_distance_of_the_gap_merges_and_one_more_does_not(self):
        self.assertEqual(self.session([1, 6])[0], [(1, 11, 2)])
        self.assertEqual(self.session([1, 7])[0], [(1, 6, 1), (7, 12, 1)])

    def test_any_order_of_on_time_records_gives_the_same(self):
        for times in ([1, 5, 9], [9, 1, 5], [5, 9, 1], [1, 9, 5]):
            self.assertEqual(self.session(times, "20s"), ([(1, 14, 3)], 0))

    def test_a_bridge_behind_w_joins_the_open_session_only(self):
        """At W = 9 the session of 1 (e = 6 s + 1 us) is closed; 5 would bridge it and 9, and joins 9."""
        self.assertEqual(self.session([1, 9, 5]), ([(1, 6, 1), (5, 14, 2)], 0))

    def test_late_by_the_candidate(self):
        self.assertEqual(self.session([1, 20, 2])[1], 1)
        self.assertEqual(self.session([1, 20, 2], allowed_lateness="15s")[1], 0)


class SlidingByRecord(unittest.TestCase):
    def test_vector_of_r5(self):
        found = answer({"o": {"from": "a", "window": {"sliding_by_record": "5000us"}, "select": {"n": "count(*)"}}},
                       {"a": [(t / 10**6, "k") for t in (8000, 9200, 12400)]})
        rows = [(row.values["window_start"], row.values["window_end"], row.values["n"]) for step in found.streams["o"].rows for row in step]
        self.assertEqual(rows, [(3000, 8001, 1), (4200, 9201, 2), (7400, 12401, 3), (8001, 13002, 2), (9201, 14202, 1)])


    def late_and_spans(self, times, b="0s", later=None, **more):
        found = answer({"o": counting({"sliding_by_record": "5s"}, **more)}, {"a": [(t, "k") for t in times]}, b,
                       later=later and {"a": [(t, "k") for t in later]})
        ledger = found.operators["o"].ledger
        return ledger["late"], ledger["late_partial"], spans(found, "o")

    def test_late_only_when_no_open_window_holds_it(self):
        """At W = 10 a record at 9 is late for its own window; the one behind 8 holds it and is open, the one behind 3 is not."""
        self.assertEqual(self.late_and_spans([8, 10, 9])[:2], (0, 1))
        self.assertEqual(self.late_and_spans([3, 10, 4])[:2], (1, 0))

    def test_records_of_an_earlier_run_are_in_windows_that_did_not_exist_yet(self):
        late, partial, found = self.late_and_spans([10], later=[12])
        self.assertEqual((late, partial, [n for *_, n in found]), (0, 0, [1, 2, 1]))
        self.assertEqual(self.late_and_spans([10], "20s", later=[8, 12])[0], 1)    # left(8) ends before what the end closed

    def test_what_the_end_closed_is_not_fired_again(self):
        late, partial, found = self.late_and_spans([10], "20s", later=[12, 8])
        self.assertEqual((late, partial, found), (0, 1, [(5, 10, 1), (7, 12, 3), (8, 13, 2), (10, 15, 1)]))


class Updates(unittest.TestCase):
    def sent(self, times, emit="update", b="20s", window=None, **more):
        found = answer({"o": counting(window or {"session": "5s"}, emit=emit, **more)}, {"a": [(t, "k") for t in times]}, b)
        rows = [row.values for step in found.streams["o"].rows for row in step]
        return [(row.get("op"), row["window_start"] // TICK, row["n"], row["final"]) for row in rows]

    def test_a_merge_deletes_the_starts_that_vanish_and_sends_the_union(self):
        self.assertEqual(self.sent([1, 9, 5]), [(None, 1, 1, False), (None, 9, 1, False), ("delete", 9, None, None),
                                                (None, 1, 3, False), (None, 1, 3, True)])

    def test_an_earlier_record_deletes_the_start_it_replaces(self):
        self.assertEqual(self.sent([9, 5]), [(None, 9, 1, False), ("delete", 9, None, None), (None, 5, 2, False), (None, 5, 2, True)])

    def test_a_start_that_readers_never_had_is_not_deleted(self):
        self.assertEqual(self.sent([9, 5, 30], {"update": {"every": "10s"}}),
                         [(None, 5, 2, False), (None, 30, 1, False), (None, 5, 2, True), (None, 30, 1, True)])

    def test_a_sliding_record_changes_the_windows_that_hold_it_and_makes_the_one_behind_it(self):
        found = self.sent([10, 12, 11], window={"sliding_by_record": "5s"})
        self.assertEqual([(start, n) for _, start, n, final in found if not final],
                         [(5, 1), (7, 2), (10, 1), (6, 2), (7, 3), (10, 2), (11, 1)])

    def test_one_row_per_record_and_one_final_row(self):
        found = answer({"o": counting({"tumbling": "10s"}, emit="update")}, {"a": [(1, "k"), (2, "k"), (11, "k")]})
        rows = [(row.values["n"], row.values["final"]) for step in found.streams["o"].rows for row in step]
        self.assertEqual(rows, [(1, False), (2, False), (1, False), (2, True), (1, True)])


class Ranks(unittest.TestCase):
    """What is left of one window with a twice, b three times and c once."""

    def left(self, **more):
        records = [(t, k) for t, k in enumerate(("a", "b", "c", "b", "a", "b"))]
        operator = {**counting({"tumbling": "1m"}, group_by=["k"]), **more}
        operator["select"] = {"c": "count(*)", **more.get("select", {})}
        found = answer({"w": operator}, {"a": records})
        return [(row.values["k"], row.values["c"], row.values.get("place")) for step in found.streams["w"].rows for row in step]

    def test_order_and_ties_in_group_order(self):
        self.assertEqual(self.left(order_by=["c desc"]), [("b", 3, None), ("a", 2, None), ("c", 1, None)])
        self.assertEqual(self.left(select={"even": "count(v)"}, order_by=["even"]), [("a", 2, None), ("b", 3, None), ("c", 1, None)])

    def test_limit_counts_behind_having_and_places_by_limit_by(self):
        place = {"place": "row_number()"}
        self.assertEqual(self.left(having="c > 1", order_by=["c"], limit=1, select=place), [("a", 2, 1)])
        self.assertEqual(self.left(order_by=["c"], limit=1, limit_by=["k"], select=place), [("c", 1, 1), ("a", 2, 1), ("b", 3, 1)])


class Inputs(unittest.TestCase):
    def test_merged_by_time_then_by_order_in_the_configuration(self):
        found = answer({"o": {"from": ["a", "b"], "select": ["k"]}}, {"a": [(1, "a1"), (3, "a3"), (2, "a2")], "b": [(1, "b1"), (2, "b2")]})
        self.assertEqual(found.outputs["o"].decode().split(), [f'{{"k":"{k}"}}' for k in ("a1", "b1", "b2", "a3", "a2")])

    def test_w_is_the_minimum_and_an_unread_input_holds_it_back(self):
        operators = {"o": counting({"tumbling": "1s"}, **{"from": ["a", "b"]})}
        found = answer(operators, {"a": [(1, "k"), (2, "k"), (9, "k"), (0, "k")], "b": [(9, "k")]})
        self.assertEqual(found.operators["o"].ledger["late"], 0)

    def test_an_input_at_its_end_holds_nothing_back(self):
        operators = {"o": counting({"tumbling": "1s"}, **{"from": ["a", "b"]})}
        found = answer(operators, {"a": [(1, "k")], "b": [(5, "k"), (2, "k")]})
        self.assertEqual(found.operators["o"].ledger["late"], 1)

    def test_unusable_times_move_nothing(self):
        source = marks.Source("a", "t", "s", 0, [[b'{"t":1}', b'{"t":null}', b'{}', b'[1]', b'{', b'{"t":"x"}']]).read()
        self.assertEqual((len(source.rows[0]), source.errors), (1, 5))


class LongerInput(unittest.TestCase):
    """R20: a run on a log that grew since the last one."""

    def test_windows_that_the_end_closed_stay_closed(self):
        found = answer({"o": counting({"tumbling": "10s"})}, {"a": [(1, "k"), (5, "k")]}, later={"a": [(7, "k"), (12, "k")]})
        self.assertEqual((spans(found, "o"), found.operators["o"].ledger["late"]), ([(0, 10, 2), (10, 20, 1)], 1))

    def test_w_is_the_one_before_the_end(self):
        found = answer({"o": counting({"tumbling": "2s"})}, {"a": [(1, "k"), (50, "k")]}, "30s", later={"a": [(52, "k"), (21, "k")]})
        self.assertEqual(found.operators["o"].ledger["late"], 1)    # closed_upto is 52 s, W is 20 s
        self.assertEqual(spans(found, "o"), [(0, 2, 1), (50, 52, 1), (52, 54, 1)])

    def test_sessions_alike(self):
        found = answer({"o": counting({"session": "5s"})}, {"a": [(1, "k")]}, later={"a": [(1, "k"), (2, "k")]})
        self.assertEqual((spans(found, "o"), found.operators["o"].ledger["late"]), ([(1, 6, 1), (2, 7, 1)], 1))


class Chains(unittest.TestCase):
    def test_a_row_has_the_time_of_its_last_tick_and_is_never_late(self):
        chain = {"from": "o", "window": {"tumbling": "5s"}, "select": {"n": "sum(n)"}}
        found = answer({"o": counting({"tumbling": "10s"}, allowed_lateness="7s"), "p": chain},
                       {"a": [(1, "k"), (8, "k"), (40, "k"), (1, "k")]})
        self.assertEqual(spans(found, "p"), [(5, 10, 2), (45, 50, 1)])
        self.assertEqual((found.operators["o"].ledger["late"], found.operators["p"].ledger["late"]), (1, 0))

    def test_no_upstream_row_arrives_behind_the_output_watermark(self):
        found = answer({"o": counting({"hopping": "12s", "every": "5s"}, allowed_lateness="3s")},
                       {"a": [(t % 17 + t, "k") for t in range(60)]}, "2s")
        stream = found.streams["o"]
        for step, rows in enumerate(stream.rows):
            self.assertTrue(all(row.at >= stream.before(step) for row in rows))


class Order(unittest.TestCase):
    def test_rows_of_one_operator_by_end_start_and_group(self):
        found = answer({"o": counting({"hopping": "10s", "every": "5s"}, group_by=["k"])}, {"a": [(6, "b"), (1, "a"), (7, "a")]}, "9s")
        keys = [(row.values["window_end"] // TICK, row.values["k"]) for step in found.streams["o"].rows for row in step]
        self.assertEqual(keys, [(5, "a"), (10, "a"), (10, "b"), (15, "a"), (15, "b")])

    def test_rows_of_one_sink_by_releasing_record_then_order_in_from(self):
        operators = {"o": counting({"tumbling": "10s"}), "s": {"from": "a", "select": ["k"]}}
        found = answer(operators, {"a": [(1, "x"), (12, "y")]}, sinks={"out": {"from": ["o", "s"]}})
        self.assertEqual([line[2:14] for line in found.outputs["out"].decode().splitlines()],
                         ['k":"x"}', "window_start", 'k":"y"}', "window_start"])


if __name__ == "__main__":
    unittest.main()
