# Sends messages of 1 byte to 16 MiB to the URL of the first argument, which come back, several connections at once;
# trusts the root in the second one.
import asyncio
import hashlib
import ssl
import sys

import websockets

url, root = sys.argv[1:]
context = ssl.create_default_context(cafile=root)
context.maximum_version = ssl.TLSVersion.TLSv1_2
SIZES = [1, 2, 125, 126, 16_383, 16_384, 16_385, 65_535, 65_536, 2**20, 2**24]


def message(size, seed):
    block = hashlib.sha512(f"{size} {seed}".encode()).digest()
    return (block * (size // len(block) + 1))[:size]


async def one(number):
    async with websockets.connect(url, ssl=context, max_size=2**25) as socket:
        for size in SIZES:
            sent = message(size, number)
            await socket.send(sent)
            assert await socket.recv() == sent, size
        await socket.send("text")
        assert await socket.recv() == "text"
        # Many at once, both ways.
        sent = [message(size, number) for size in range(1, 400)]
        writing = asyncio.ensure_future(send_all(socket, sent))
        for expected in sent:
            assert await socket.recv() == expected
        await writing


async def send_all(socket, messages):
    for each in messages:
        await socket.send(each)


async def main():
    await asyncio.gather(*(one(number) for number in range(4)))
    print("all came back", len(SIZES) + 1 + 399)


asyncio.run(main())
