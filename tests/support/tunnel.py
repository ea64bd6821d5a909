"""The middle of a link: packets of two TUN devices, each delayed or lost. A process of its own; what it shall do comes
as lines of JSON on its standard input: `{"delay_s": 0.04, "loss": 0.01, "down": false}`."""

from __future__ import annotations

import fcntl
import heapq
import json
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
MOST = 65536


def device(name: str) -> int:
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def main(near: str, far: str) -> None:
    fds = (device(near), device(far))
    print("ready", flush=True)
    relay(fds, random.Random(1))


def relay(fds: tuple[int, int], dice: random.Random) -> None:
    to = {fds[0]: fds[1], fds[1]: fds[0]}
    waiting: list[tuple[float, int, int, bytes]] = []
    delay_s, loss, down, count = 0.0, 0.0, False, 0
    poll = select.epoll()
    for fd in (*fds, 0):
        poll.register(fd, select.EPOLLIN)
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, fd, packet = heapq.heappop(waiting)
            try:
                os.write(fd, packet)
            except (BlockingIOError, OSError):
                continue  # a full queue loses packets, as on any road
        pause = max(waiting[0][0] - time.monotonic(), 0.0) if waiting else 1.0
        for fd, _ in poll.poll(pause):
            if fd == 0:
                line = os.read(0, MOST)
                if not line:
                    return
                told = json.loads(line.splitlines()[-1])
                delay_s, loss, down = told["delay_s"], told["loss"], told["down"]
                continue
            for _ in range(64):
                try:
                    packet = os.read(fd, MOST)
                except BlockingIOError:
                    break
                if down or (loss and dice.random() < loss):
                    continue
                count += 1
                heapq.heappush(waiting, (time.monotonic() + delay_s, count, to[fd], packet))


if __name__ == "__main__":
    main(*sys.argv[1:])
