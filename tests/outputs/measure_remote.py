"""How exact a marker is that comes from another program: ``python -m tests.outputs.measure_remote`` beside a window.

The window must be of this account and computer, with its remote control on: both programs then read the same clock, and
what a script finds for the offset of the two is its error.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from app.core.clock import now_s
from app.outputs.address import parse_address
from app.outputs.catalogue import REMOTE_PORT
from app.outputs.remote_access import read_access
from app.outputs.remote_client import connected


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between them")
    args = parser.parse_args()
    access = read_access()
    assert access is not None, "no window"
    offsets, arrivals, trips = [], [], []
    with connected(parse_address(access.address, REMOTE_PORT), access.token) as client:
        for _ in range(20):
            offsets.append(abs(client.measure_offset().offset_s))
            time.sleep(args.pause)
        for _ in range(args.messages):
            sent_s = now_s()
            answer = client.ask("ping")
            trips.append(now_s() - sent_s)
            arrivals.append(answer["received_s"] - sent_s)
            time.sleep(args.pause)
    for name, values in (("error of the offset", offsets), ("message to arrival", arrivals), ("round trip", trips)):
        ms = 1e3 * np.asarray(values)
        p95, p99 = np.percentile(ms, (95, 99))
        print(
            f"{name:20} median {np.median(ms):.3f} ms, 95 % {p95:.3f}, 99 % {p99:.3f}, most {ms.max():.3f}, "
            f"standard deviation {ms.std():.3f}"
        )


if __name__ == "__main__":
    main()
