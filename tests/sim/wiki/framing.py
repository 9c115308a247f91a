"""Records as bytes: server-sent events and NDJSON, with the odd but legal spellings that faults ask for."""
import json

EOLS = {"lf": (b"\n",), "crlf": (b"\r\n",), "cr": (b"\r",), "mixed": (b"\n", b"\r\n", b"\r")}


def payload(record, topic, cluster):
    """The JSON as the server sends it: topic, partition and the cluster's own offset added to `meta`."""
    body = record.make()
    if isinstance(body, bytes):
        return body
    meta = {**body["meta"], "topic": topic.name, "partition": 0, "offset": topic.offset(cluster, record.place)}
    body = {**body, "meta": meta}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def event_id(seen, names, reverse):
    """The id: next time per topic seen on this connection, offset -1 for the others."""
    parts = [{"topic": name, "partition": 0, **({"timestamp": seen[name] + 1} if name in seen else {"offset": -1})}
             for name in names]
    return json.dumps(parts[::-1] if reverse else parts, separators=(",", ":")).encode()


def event(data, ident, wire):
    """One block with its empty line, spelt as the faults of `wire` say."""
    lines = []
    if wire.has("comments") is not None:
        lines += [b": before", b":"]
    if (retry := wire.has("retry")) is not None:
        lines.append(b"retry: %s" % str(retry.get("ms", 1000)).encode())
    if wire.has("unknown_fields") is not None:
        lines += [b"flavour: sweet", b"Data: not data", b"nonsense", b" data: no"]
    lines.append(b"event: message")
    if wire.has("nul_id") is not None:
        ident = ident.replace(b"[", b"[\0", 1)
    lines.append(b"id: " + ident)
    if wire.has("comments") is not None:
        lines.append(b":inside")
    if wire.has("invalid_utf8") is not None:
        data = data.replace(b'"comment":"', b'"comment":"\xc3(\xff', 1)
    lines.append(b"data: " + data)
    lines.append(b"")
    if wire.has("id_only") is not None:
        lines += [b"id: " + ident, b""]
    if wire.has("no_space") is not None:
        lines = [line.replace(b": ", b":", 1) if line[:2] != b": " else line for line in lines]
    return join(lines, (wire.has("line_ends") or {}).get("eol", "lf"))


def join(lines, eol):
    """Every line with its end. An empty line's LF behind a CR would make one CRLF of the two: CRLF then."""
    ends, out = EOLS[eol], b""
    for number, line in enumerate(lines):
        end = ends[number % len(ends)]
        out += line + (b"\r\n" if not line and end == b"\n" and out.endswith(b"\r") else end)
    return out
