import threading

from app.core.mailbox import Mailbox


def test_latest_wins_and_replaced_values_are_counted():
    box = Mailbox[int]()
    assert box.put(1)
    assert not box.put(2)
    assert not box.put(3)
    assert box.take() == 3
    assert box.take() is None
    assert box.replaced == 2
    assert box.put(4)


def test_a_waiting_reader_wakes_for_a_value():
    box = Mailbox[str]()
    got: list[str | None] = []
    reader = threading.Thread(target=lambda: got.append(box.take(timeout_s=10)))
    reader.start()
    box.put("frame")
    reader.join(10)
    assert got == ["frame"]


def test_close_wakes_a_reader_that_waits_for_ever():
    box = Mailbox[str]()
    got: list[str | None] = []
    reader = threading.Thread(target=lambda: got.append(box.take(timeout_s=None)))
    reader.start()
    box.close()
    reader.join(10)
    assert not reader.is_alive()
    assert got == [None]
    assert box.closed


def test_every_value_is_either_taken_or_counted_as_replaced():
    box = Mailbox[int]()
    taken: list[int] = []

    def read() -> None:
        while True:
            value = box.take(timeout_s=None)
            if value is None:
                return
            taken.append(value)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(5000):
        box.put(i)
    box.close()
    reader.join(10)
    assert taken == sorted(taken)
    assert taken[-1] == 4999
    assert len(taken) + box.replaced == 5000
