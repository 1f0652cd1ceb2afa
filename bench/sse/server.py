"""An event stream as one writes it in Python: asyncio, events in memory, a frame for each. GET /<events> sends the last ones.

argv: a file of event bodies, one a line. Prints its port.
"""

import asyncio
import contextlib
import sys


def load(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


async def main(bodies):
    async def serve(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        count = int(request.split(b" ", 2)[1].decode().strip("/"))
        first = len(bodies) - count
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        for index in range(first, len(bodies)):
            frame = f"id: {index + 1}\nevent: rollout.verified\ndata: {bodies[index]}\n\n"
            writer.write(frame.encode())
            await writer.drain()
        with contextlib.suppress(ConnectionError):
            await reader.read()  # until the client has what it wants
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(load(sys.argv[1])))
