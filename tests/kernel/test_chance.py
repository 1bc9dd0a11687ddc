"""Random words: never the same twice, not in another thread, nor in a process that was forked."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

from alliance.kernel import chance


def test_a_word_is_as_long_as_asked_and_fit_for_an_address():
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", chance.token()) for _time in range(500))
    assert len(chance.token(6)) == 8


def test_no_word_comes_twice_from_any_thread():
    with ThreadPoolExecutor(8) as threads:
        words = list(threads.map(lambda _number: chance.token(), range(20_000)))
    assert len(set(words)) == len(words)


def test_a_forked_process_has_words_of_its_own():
    chance.token()  # something is kept now
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        os.write(writes, chance.token().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reads, 100).decode() != chance.token()
