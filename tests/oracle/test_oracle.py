"""The oracle against vectors worked out by hand; an oracle that is wrong proves wrong engines right."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import rows    # noqa: E402
import tumbling    # noqa: E402

JOB = {"event_time": {"field": "t", "unit": "s"}, "tumbling": "10s", "group_by": ["k"], "select": {"n": ["count"]}}


def answer(lines, **changes):
    return tumbling.Answer(tumbling.Job({**JOB, **changes}), [line.encode() for line in lines])


def event(t, k="a"):
    return f'{{"t":{t},"k":"{k}"}}'


class Windows(unittest.TestCase):
    def test_vectors_of_r3(self):
        job = tumbling.Job(JOB)
        for t, start in ((-1, -10), (-10, -10), (-11, -20), (0, 0)):
            self.assertEqual(job.window(t * 10**6), (start * 10**6, (start + 10) * 10**6))

    def test_offset_may_be_negative(self):
        job = tumbling.Job({**JOB, "offset": "-3s"})
        self.assertEqual(job.window(6_999_999)[0], -3 * 10**6)
        self.assertEqual(job.window(7_000_000)[0], 7 * 10**6)

    def test_late_exactly_when_the_watermark_reaches_end_plus_lateness(self):
        time_of = {"field": "t", "unit": "s", "out_of_orderness": "5s"}
        for last, late in ((18, 0), (19, 0), (20, 1)):
            self.assertEqual(answer([event(1), event(last), event(2)], event_time=time_of, allowed_lateness="5s").late, late)

    def test_a_record_is_judged_by_what_came_before_it_only(self):
        found = answer([event(100), event(1), event(200)])
        self.assertEqual((found.late, found.used), (1, 2))

    def test_filtered_records_move_the_watermark(self):
        found = answer([event(1), event(100, "x"), event(2)], filter="lambda r: r('k') == 'a'")
        self.assertEqual((found.filtered, found.late, found.used), (1, 1, 1))

    def test_unusable_times_move_nothing(self):
        found = answer([event(1), event(4083955200), '{"k":"a"}', '{"t":null}', '{"t":"x"}', "[1]", "{", event(2)])
        self.assertEqual((len(found.source_errors), found.used, found.late), (6, 2, 0))

    def test_sum_overflows_only_as_emitted(self):
        total = {"s": ["sum", "lambda r: r('v')"]}
        found = answer(['{"t":1,"v":9223372036854775807}', '{"t":2,"v":1}', '{"t":3,"v":-1}'], select=total)
        self.assertEqual(found.rows[0][-25:], ',"s":9223372036854775807}')
        found = answer(['{"t":1,"v":9223372036854775807}', '{"t":2,"v":1}'], select=total)
        self.assertEqual((found.rows, len(found.result_errors), found.used), ([], 1, 2))


class Values(unittest.TestCase):
    def test_floats(self):
        for value, text in ((1.0, "1"), (0.1, "0.1"), (1e22, "1e+22"), (1e5, "1e+05"), (123456.0, "123456"), (-2.5, "-2.5"),
                            (1e-7, "1e-07"), (0.001, "0.001"), (1 / 3, "0.3333333333333333"), (0.0, "0"), (-0.0, "-0")):
            self.assertEqual(rows.format_float(value), text)

    def test_times(self):
        for value, unit, us in ((1, "s", 10**6), (1.5, "s", 1500000), ("7", "ms", 7000), (-1, "ns", -1), (1999, "ns", 1),
                                ("1969-12-31T23:59:59.9999999Z", "rfc3339", -1), ("1970-01-01 01:00:00+01:00", "rfc3339", 0),
                                ("1970-01-01T00:00:00", "rfc3339", None), (True, "s", None), ("", "s", None), (10**15, "s", None)):
            value = rows.Number.read(repr(value)) if isinstance(value, float) else value
            self.assertEqual(rows.time_us(value, unit), us, (value, unit))
        self.assertEqual(rows.format_time(-1), "1969-12-31T23:59:59.999999Z")
        self.assertEqual(rows.format_time(500000), "1970-01-01T00:00:00.5Z")

    def test_group_order(self):
        values = [None, "é", "z", "a", "Z"]
        self.assertEqual(sorted(values, key=rows.order_key), ["Z", "a", "z", "é", None])


if __name__ == "__main__":
    unittest.main()
