import time

from app.core.clock import clock_pair, now_s


def test_a_pair_holds_the_same_instant_on_both_clocks():
    before = now_s(), time.time()
    pair = clock_pair()
    after = now_s(), time.time()
    assert before[0] <= pair.monotonic_s <= after[0]
    assert before[1] - 0.001 <= pair.unix_s <= after[1] + 0.001
