"""A pipeline whose rows go to a page, and the page as HTTP gives it."""
import json
import re
import urllib.request

HOSTILE = ['</script><script>window.hacked = 1</script>', '<img src=x onerror="window.hacked = 2">', '%SCRIPT%%DATA%', "\u2028\u202e\"'&<!--"]


def config(charts=None, sinks=None, **source):
    """Rows of in.jsonl as they come; `follow` keeps the run alive."""
    page = {"from": "in", "plugin": "page", "listen": "127.0.0.1:0", "title": "A <page>"}
    if charts:
        page["charts"] = charts
    return {"pipeline": "p", "commit": {"every": "50ms"},
            "sources": {"in": {"plugin": "file", "path": "in.jsonl", "follow": True, "schema": {"k": "text", "n": "int8"}, **source}},
            "sinks": sinks or {"page": page}}


def address(run):
    """http://…/ when the page is up, else nothing."""
    found = re.search(r"http://127\.0\.0\.1:\d+/", run.errors())
    return found and found.group()


def fetch(url, headers=None):
    """(head fields, body)"""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=20) as answer:
        return answer.headers, answer.read().decode("utf-8")


def data(html, name):
    return re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html, re.DOTALL).group(1)


def rows(html, part=0):
    return [json.loads(line) for line in data(html, f"rows-{part}").splitlines()]


def events(url, wanted, headers=None):
    """What the stream says until `wanted` is in it."""
    got = ""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=20) as answer:
        while wanted not in got:
            line = answer.readline().decode("utf-8")
            if not line:
                break
            got += line
    return got
