"""Answers that are unusual, legal or not: what the services' simulators never say. Each source that asks over HTTP."""
import json
import pathlib
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from case import QUICK    # noqa: E402
from drive import Drive, Filter    # noqa: E402
from handmade import HandMade, answer    # noqa: E402

NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"
NEXT = 'Link: </2>; rel="next"'


class Case(unittest.TestCase):
    def served(self, answer):
        return self.enterContext(HandMade(answer))

    def opened(self, name, state="", **config):
        source = self.enterContext(Drive(f"source_{name}", name, {**QUICK, **config}))
        source.open(state)
        return source

    def http(self, server, **config):
        return self.opened("http", **{"url": server.url(), "every": "1h", **config})

    def poll_until(self, source, there):
        deadline = time.monotonic() + 60
        while not there() and time.monotonic() < deadline:
            source.poll(1, 0.5)
        self.assertTrue(there(), (source.rejects, source.gaps))

    def numbers(self, source):
        return [json.loads(row["value"])["n"] for row in source.rows]


class Pages(Case):
    def pages(self, *lines):
        """Page 1 with these header lines, then page 2."""
        return self.served(lambda r: answer([{"n": 1}], headers=lines) if r["target"] == "/" else answer([{"n": 2}]))

    def test_every_link_header_counts(self):
        source = self.http(self.pages('Link: </style.css>; rel="preload"', NEXT), paginate={"kind": "link"})
        source.poll(2, 5)
        self.assertEqual(self.numbers(source), [1, 2])

    def test_what_comes_before_and_behind_an_answer_is_no_part_of_it(self):
        early = b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </2>; rel="next"\r\n\r\n'
        chunked = (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n9;why="none"\r\n[{"n":1}]\r\n'
                   b'0\r\nLink: </2>; rel="next"\r\nHTTP/1.1: 500\r\n\r\n')
        server = self.served(lambda r: early + chunked)
        source = self.http(server, paginate={"kind": "link"})
        source.poll(1, 5)
        self.assertEqual((self.numbers(source), server.targets()), ([1], ["/"]))

    def test_a_next_page_that_is_the_page_itself_is_not_asked_for_again_and_again(self):
        server = self.served(lambda r: answer({"d": [{"n": 1}], "next": "same"}))
        source = self.http(server, every="1s", records="/d", paginate={"kind": "cursor", "cursor": "/next", "param": "after"},
                           retry={"initial": "20s", "max": "20s", "jitter": "none"})
        self.poll_until(source, lambda: source.rejects)
        self.assertEqual((source.rows, source.rejects[0]["why"]), ([], "a next page that is the page itself"))
        self.assertEqual(server.targets()[:2], ["/", "/?after=same"])
        self.assertLessEqual(len(server.targets()), 4)    # Of two slots at most, where 200 would be allowed.

    def test_a_next_page_that_cannot_be_asked_for_is_told(self):
        source = self.http(self.pages('Link: <ftp://files/2>; rel="next"'), every="1s", paginate={"kind": "link"})
        self.poll_until(source, lambda: source.rejects)
        self.assertEqual((source.rows, source.rejects[0]["why"]), ([], "a next page that is no http or https URL"))

    def test_a_link_is_relative_to_where_the_page_came_from(self):
        pages = {"/v2/list": answer([{"n": 1}], headers=['Link: <more>; rel="next"']), "/v2/more": answer([{"n": 2}])}
        moved = answer(status="302 Found", headers=["Location: /v2/list"])
        source = self.http(self.served(lambda r: pages.get(r["target"], moved)), paginate={"kind": "link"})
        source.poll(2, 5)
        self.assertEqual(self.numbers(source), [1, 2])

    def test_S22_the_credential_does_not_follow_a_link_to_another_host(self):
        other = self.served(lambda r: answer([{"n": 2}]))
        server = self.pages(f'Link: <{other.url(host="localhost")}>; rel="next"')
        source = self.http(server, paginate={"kind": "link"}, auth={"kind": "bearer", "token": "sesame"}, headers={"X-Key": "sesame"})
        source.poll(2, 5)
        self.assertEqual(self.numbers(source), [1, 2])
        self.assertIn("sesame", str(server.requests))
        self.assertNotIn("sesame", str(other.requests))

    def test_a_credential_comes_back_with_a_link_home(self):
        other = self.served(lambda r: answer([{"n": 2}], headers=[f'Link: <{server.url("/3")}>; rel="next"']))
        server = self.served(lambda r: answer([{"n": 3}]) if r["target"] == "/3" else answer(
            [{"n": 1}], headers=[f'Link: <{other.url(host="localhost")}>; rel="next"']))
        source = self.http(server, paginate={"kind": "link"}, auth={"kind": "bearer", "token": "sesame"})
        source.poll(3, 5)
        self.assertEqual(self.numbers(source), [1, 2, 3])
        self.assertEqual([r["headers"].get("authorization") for r in server.requests], ["Bearer sesame"] * 2)

    def test_H10_a_304_or_a_206_that_nobody_asked_for_is_no_answer(self):
        for odd in (NOT_MODIFIED, answer([{"n": 2}], "206 Partial Content", headers=["Content-Range: bytes 0-10/99"])):
            with self.subTest(odd=odd[:20]):
                odd_once = [odd]
                server = self.served(lambda r: answer([{"n": 1}], headers=[NEXT]) if r["target"] == "/" else
                                     odd_once.pop() if odd_once else answer([{"n": 2}]))
                source = self.http(server, paginate={"kind": "link"})
                source.poll(2, 5)
                self.assertEqual((self.numbers(source), server.targets()), ([1, 2], ["/", "/2"] * 2))

    def test_a_listing_that_changed_between_a_crash_and_the_restart_loses_nothing(self):
        """Newest first: by counting, the new one in front would be taken for one that is out already, and `since` would never ask for it."""
        newest = [3]
        server = self.served(lambda r: answer([{"n": n} for n in range(newest[0], 0, -1)]))
        config = {"since": {"param": "s", "field": "n"}, "dedupe_key": "n"}
        source = self.http(server, **config)
        source.poll(2, 5, 1)
        out, state = list(source.rows), source.state()
        source.kill()
        newest[0] = 4
        state = self.opened("http", state, url=server.url(), every="1h", **config).state()    # Killed once more, before it asked.
        again = self.opened("http", state, url=server.url(), every="1h", **config)
        again.poll(4, 5)
        self.assertEqual((self.numbers(source), self.numbers(again)), ([3, 2], [4, 3, 2, 1]))
        self.assertEqual([n["n"] for n in (json.loads(row["value"]) for row in Filter().keep(out + again.rows))], [3, 2, 4, 1])
        positions = [row["position"] for row in out + again.rows]
        self.assertEqual(positions, list(range(positions[0], positions[0] + 6)))
        again.poll(1, 0.1)
        self.assertNotIn("within", again.state())

    def test_pages_that_take_longer_than_an_interval_are_told(self):
        server = self.served(lambda r: [0.4, answer([{"n": 1}])])
        source = self.http(server, every="1s", paginate={"kind": "page"})
        self.poll_until(source, lambda: source.gaps)
        self.assertEqual((source.rows, source.gaps[0]["gap"]), ([], "bad_response"))
        self.assertIn('"every" (1 s)', source.log())

    def test_a_byte_order_mark_is_no_part_of_the_json(self):
        for records in ("", "lines", "/d"):
            with self.subTest(records=records):
                body = {"": b'[{"n":1}]', "lines": b'{"n":1}\r\n\r\n', "/d": b'{"d":[{"n":1}]}'}[records]
                source = self.http(self.served(lambda r: answer(b"\xef\xbb\xbf" + body)), records=records)
                source.poll(1, 5)
                self.assertEqual([row["value"] for row in source.rows], ['{"n":1}'])


class Tokens(Case):
    def test_a_client_that_is_refused_with_400_stops_the_run(self):
        """RFC 6749, 5.2: invalid_client and invalid_grant come with 400, mostly."""
        server = self.served(lambda r: answer({"error": "invalid_client"}, "400 Bad Request"))
        source = self.http(server, auth={"kind": "oauth2_client", "token_url": server.url("/token"), "client_id": "me", "client_secret": "sesame"})
        source.poll(1, 6)
        self.assertEqual([error["rc"] for error in source.errors], [-400])
        self.assertRegex(source.errors[0]["error"], r'/token: 400 Bad Request, 3 times in a row: invalid_client; check "auth"')
        self.assertEqual((server.targets(), source.rejects), (["/token"] * 3, []))
        self.assertNotIn("sesame", source.log() + str(source.errors))

    def test_a_token_that_ends_between_two_pages_is_renewed_there(self):
        given = []

        def serve(request):
            if request["target"] == "/token":
                given.append(0)
                return answer({"access_token": f"t{len(given)}", "expires_in": 3600})
            given[-1] += 1
            page = int(request["target"].split("page=")[1])
            if given[-1] > 2:
                return answer({}, "401 Unauthorized")
            return answer([{"n": page}] if page < 6 else [])

        server = self.served(serve)
        source = self.http(server, paginate={"kind": "page"}, auth={
            "kind": "oauth2_client", "token_url": server.url("/token"), "client_id": "me", "client_secret": "sesame"})
        source.poll(5, 5)
        self.assertEqual(self.numbers(source), [1, 2, 3, 4, 5])


class Places(Case):
    def weather(self, serve, **config):
        server = self.served(serve)
        places = [{"name": name, "lat": lat, "lon": 8} for name, lat in (("A", 50), ("B", 51))]
        return self.opened("darksky", url=server.url(""), api_key="sesame", quota="unlimited", rate=1000, targets=places, every="1s", **config)

    def forecast(self, request):
        return answer({"latitude": 50, "longitude": 8, "currently": {"time": time.time_ns() // 10**9}})

    def test_D13_one_of_several_places_whose_answer_stays_damaged_is_an_error_row(self):
        damaged = b'{"latitude":51,"curr'
        source = self.weather(lambda r: answer(damaged) if "/51,8" in r["target"] else self.forecast(r))
        self.poll_until(source, lambda: len(source.rejects) >= 2)
        self.assertEqual({r["reject"] for r in source.rejects}, {damaged.decode()})

    def test_H8_one_of_several_places_that_fails_to_the_end_is_a_bad_response(self):
        source = self.weather(lambda r: answer({}, "500 Internal Server Error") if "/51,8" in r["target"] else self.forecast(r))
        self.poll_until(source, lambda: ("bad_response", 1) in [(gap["gap"], gap["partition"]) for gap in source.gaps])
        self.assertEqual(source.rejects, [])

    def test_a_pace_that_cannot_serve_all_places_is_told(self):
        for rate, told in ((2, False), (1.9, True)):
            with self.subTest(rate=rate):
                source = self.opened("darksky", url="http://127.0.0.1:1", api_key="k", quota="unlimited", rate=rate, every="1s",
                                     targets=[{"name": "A", "lat": 50, "lon": 8}, {"name": "B", "lat": 51, "lon": 8}])
                self.assertEqual('than "rate" allows' in source.log(), told)


class Events(Case):
    HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

    def sent_id(self, first):
        """The id that the second connection is asked to go on from."""
        server = self.served(lambda r: self.HEAD + first if len(server.requests) == 1 else [self.HEAD + b'data: {"n":2}\n\n', 9])
        source = self.opened("sse", url=server.url())
        source.poll(2, 5)
        self.assertEqual(self.numbers(source), [1, 2])
        return server.requests[1]["headers"].get("last-event-id")

    def test_S15_a_block_with_only_an_id_moves_the_resume_position(self):
        self.assertEqual(self.sent_id(b'id: 1\ndata: {"n":1}\n\nid: 7\n\n'), "7")
        self.assertEqual(self.sent_id(b'id: 1\ndata: {"n":1}\n\nid: 7\n'), "1")    # S16: it was never dispatched.
        self.assertEqual(self.sent_id(b'id: 1\ndata: {"n":1}\n\nid\n\n'), None)    # S13

    def test_a_stream_without_ids_tells_what_was_missed_between_two_runs(self):
        server = self.served(lambda r: [self.HEAD + b'data: {"n":1}\n\n', 9])
        source = self.opened("sse", url=server.url())
        source.poll(1, 5)
        state, seen_us = source.state(), int(source.rows[0]["headers"]["mr.received_us"])
        source.kill()
        again = self.opened("sse", state, url=server.url())
        again.poll(1, 5)
        self.assertEqual([(gap["gap"], gap["from_us"]) for gap in again.gaps], [("not_replayable", seen_us)])
        self.assertEqual(self.opened("sse", url=server.url()).gaps, [])


class Listings(Case):
    def rsvps(self, event, cursor=None, has_more=False, **more):
        node = {"id": f"r-{event}", "status": "YES", "guestsCount": 0, "updated": None, **more}
        listing = {"pageInfo": {"hasNextPage": has_more, "endCursor": cursor}, "edges": [{"node": node}]}
        return answer({"data": {"event": {"id": event, "rsvps": listing}}})

    def test_an_event_found_while_another_is_listed_does_not_take_its_answers(self):
        """The new one stands in front of it in the order of names. Its search is answered for the third time when it is known."""
        finds, third = [], threading.Event()

        def serve(request):
            variables = json.loads(request["body"])["variables"]
            if "id" in variables:
                self.assertTrue(variables["id"] != "e5" or third.wait(60))
                return self.rsvps(variables["id"])
            finds.append(request)
            third.set() if len(finds) > 2 else None
            found = ["e5"] if len(finds) == 1 else ["e1", "e5"]
            return answer({"data": {"eventSearch": {"pageInfo": {"hasNextPage": False}, "edges": [{"node": {"id": i}} for i in found]}}})

        source = self.opened("meetup", url=self.served(serve).url(), every="1h", discover_every="200ms", points_per_minute=100000,
                             searches=[{"name": "s", "query": "c++", "lat": 52.5, "lon": 13.4}])
        self.poll_until(source, lambda: len(source.rows) >= 2)
        self.assertEqual(sorted((row["key"], json.loads(row["value"])["rsvp"]["id"]) for row in source.rows), [("e1", "r-e1"), ("e5", "r-e5")])

    def test_MU6_a_listing_whose_cursor_does_not_move_is_not_taken_for_whole(self):
        """Else whoever stands on a later page would be told absent."""
        server = self.served(lambda r: self.rsvps("e1", "c1", True, member={"id": "1", "name": "Ada"}))
        source = self.opened("meetup", url=server.url(), events=["e1"], every="1s", discover_every="1h", absent="report", points_per_minute=100000)
        self.poll_until(source, lambda: source.rejects)
        self.assertEqual((source.rows, source.rejects[0]["why"]), ([], "a next page that is the page itself, or has no cursor"))
        self.assertNotIn("Ada", str(source.rejects))
        self.assertIn("endCursor", source.rejects[0]["reject"])

    def test_MU4_nobody_is_told_absent_by_a_listing_with_an_error_and_once_by_a_whole_one(self):
        def listing(*nodes, **more):
            return answer({"data": {"event": {"id": "e1", "rsvps": {"pageInfo": {"hasNextPage": False}, "edges": [
                {"node": node and {"id": node, "status": "YES"}} for node in nodes]}}}, **more})

        first = [listing("r1", "r2"),
                 listing("r1", None, errors=[{"message": "a node failed"}]),
                 listing(None),
                 answer({"data": {"event": {"id": "e1", "rsvps": {"pageInfo": None, "edges": None}}}}),
                 answer({"errors": [{"message": "all failed"}]}),
                 answer({"errors": "not even a list"}),
                 listing("r1", "r2")]    # Had they been told absent, they would be new now.
        server = self.served(lambda r: first[len(server.requests) - 1] if len(server.requests) <= len(first) else listing())
        source = self.opened("meetup", url=server.url(), events=["e1"], every="200ms", absent="report", points_per_minute=100000)
        self.poll_until(source, lambda: len(server.requests) > len(first) + 3)
        self.assertEqual(len(source.rejects), 5)
        self.assertEqual(sorted((v["rsvp"]["id"], v["rsvp"]["status"]) for v in map(json.loads, (row["value"] for row in source.rows))),
                         [("r1", "ABSENT"), ("r1", "YES"), ("r2", "ABSENT"), ("r2", "YES")])

    def test_people_are_hashed_in_errors_too(self):
        without_id = {"data": {"event": {"id": "e1", "rsvps": {"edges": [{"node": {"status": "YES", "member": {"id": "1", "name": "Ada"}}}]}}}}
        without_time = {"rsvp_id": 1, "member": {"member_id": 1, "member_name": "Ada"}}
        server = self.served(lambda r: answer(without_id) if r["method"] == "POST" else answer(json.dumps(without_time).encode() + b"\n"))
        for config in ({"url": server.url(), "events": ["e1"]}, {"mode": "stream", "stream_url": server.url()}):
            for personal in (False, True):
                with self.subTest(personal=personal, **config):
                    source = self.opened("meetup", personal=personal, **config)
                    self.poll_until(source, lambda: source.rejects)
                    self.assertEqual("Ada" in source.rejects[0]["reject"], personal)


if __name__ == "__main__":
    unittest.main(verbosity=2)
