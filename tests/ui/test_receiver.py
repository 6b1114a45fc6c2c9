"""What a browser records arrives in order, within the limit, and where its own visitor alone can write."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.routing import Router

from emoviz.core.errors import MediaError
from emoviz.ui import receiver as receiving
from emoviz.ui.receiver import LARGEST_PART, PATH, Receiver

NAME = "0b9e6d1c"


def run(coroutine):
    """Run a coroutine in a thread of its own, as in this process Playwright's loop may run."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    own = Receiver(tmp_path, 1, lambda size: None)
    yield own
    own.close()


def taken(receiver: Receiver) -> bytes:
    with receiver.taking(NAME) as file:
        return file.read_bytes()


def ask(path: str, body: bytes = b"", method: str = "POST") -> tuple[int, str]:
    """Status and text of the answer to a request."""
    sent: list[dict] = []
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [], "root_path": ""}

    async def receive() -> dict:
        return {"type": "http.request", "body": body}

    async def send(message) -> None:
        sent.append(message)

    run(Router(receiving.routes("/lab"))(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()


def test_parts_make_one_file_and_one_that_is_sent_again_changes_nothing(receiver: Receiver):
    assert [receiver.receive(NAME, number, part) for number, part in ((0, b"ab"), (1, b"c"), (1, b"c"))] == [2, 3, 3]
    assert taken(receiver) == b"abc"
    with pytest.raises(MediaError, match="Nothing of the recording has arrived"):
        taken(receiver)


def test_a_part_is_never_left_out(receiver: Receiver):
    receiver.receive(NAME, 0, b"a")
    for name, number in ((NAME, 2), ("a0a0a0a0", 1)):
        with pytest.raises(MediaError, match="A part of the recording is missing"):
            receiver.receive(name, number, b"c")
    assert taken(receiver) == b"a"


def test_what_is_too_large_is_refused_and_what_came_before_stays(receiver: Receiver):
    receiver.receive(NAME, 0, b"a")
    with pytest.raises(MediaError, match=r"^Recordings up to 1 MB are accepted, and this one has reached that\.$"):
        receiver.receive(NAME, 1, bytes(1_000_000))
    assert taken(receiver) == b"a"


def test_where_there_is_no_room_a_part_is_refused(tmp_path: Path):
    def refuse(size: int) -> None:
        raise MediaError("No room.")

    with pytest.raises(MediaError, match="No room"):
        Receiver(tmp_path, 1, refuse).receive(NAME, 0, b"a")


def test_the_next_recording_and_the_end_of_the_visit_delete_what_was_not_taken(receiver: Receiver, tmp_path: Path):
    receiver.receive(NAME, 0, b"a")
    receiver.receive("a0a0a0a0", 0, b"b")
    assert [file.read_bytes() for file in tmp_path.rglob("recording")] == [b"b"]
    receiver.drop(NAME)  # which is gone already
    assert list(tmp_path.rglob("recording"))
    receiver.close()
    assert not list(tmp_path.iterdir())


def test_a_browser_writes_to_its_own_visit_alone(receiver: Receiver, tmp_path: Path):
    other = Receiver(tmp_path / "other", 1, lambda size: None)
    assert receiver.key != other.key
    here = f"/lab{PATH}/{receiver.key}/{NAME}"
    assert ask(f"{here}/0", b"ab") == (200, '{"size":2}')
    assert ask(f"/lab{PATH}/guessed/{NAME}/1", b"c")[0] == 404
    assert ask(f"/lab{PATH}/{receiver.key}/..%2F..%2Fetc/0", b"c")[0] == 404
    assert ask(f"{here}/7", b"c")[0] == 413
    status, text = ask(f"{here}/1", bytes(LARGEST_PART + 1))
    assert status == 413 and text.startswith("A part of a recording has at most 16 MB")
    assert taken(receiver) == b"ab"
    receiver.close()
    assert ask(f"{here}/0", b"ab") == (404, "This visit has ended: open the page anew.")


def test_a_recording_that_is_not_wanted_is_deleted_at_once(receiver: Receiver, tmp_path: Path):
    ask(f"/lab{PATH}/{receiver.key}/{NAME}/0", b"ab")
    assert ask(f"/lab{PATH}/{receiver.key}/{NAME}", method="DELETE")[0] == 204
    assert not list(tmp_path.iterdir())
