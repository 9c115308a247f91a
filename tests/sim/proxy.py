#!/usr/bin/python3
"""A CONNECT proxy for tests: --auth USER:PASSWORD wants Basic credentials, else 407. Prints `port N`."""
import argparse
import asyncio
import base64


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def tunnel(reader, writer, wanted):
    """One client: reads the CONNECT head, then moves bytes both ways until either side closes."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    method, target, _ = head.split("\r\n")[0].split(" ")
    if method != "CONNECT":
        writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
    elif wanted and f"proxy-authorization: basic {wanted}" not in head.replace("Basic", "basic").replace("Proxy-A", "proxy-a"):
        writer.write(b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="test"\r\n'
                     b"Content-Length: 0\r\n\r\n")
    else:
        host, _, port = target.rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))
        return
    await writer.drain()
    writer.close()


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--auth", default="", metavar="USER:PASSWORD")
    options = parser.parse_args()
    wanted = base64.b64encode(options.auth.encode()).decode()
    server = await asyncio.start_server(lambda r, w: tunnel(r, w, wanted), "127.0.0.1", options.port)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
