"""/code/: a buyer brings a message with a share code in it."""

import pytest

CODE = "k7m2x9p4ab"


@pytest.mark.parametrize(
    "text",
    [
        f"￥{CODE}￥",
        f"好 ￥{CODE.upper()}￥ 复制这段话",
        f"P1\n{CODE}",
        f"localhost:8000/r/{CODE}",
        f"Tea ￥aaaaaaaaaa￥\n￥{CODE}￥",  # what stands above may be a title, which others chose
        f"aaaaaaaaaa\nP1 ￥{CODE}￥",
    ],
)
def test_a_code_leads_to_what_it_stands_for(client, text):
    answer = client.post("/code/", {"text": text})
    assert (answer.status_code, answer["Location"]) == (302, f"/s/{CODE}")


@pytest.mark.parametrize("text", ["", "https://evil.example/", "no code"])
def test_without_a_code_it_says_so_and_keeps_the_words(client, text):
    html = client.post("/code/", {"text": text}).content.decode()
    assert "There is no share code in it." in html
    assert f">{text}</textarea>" in html
    assert "There is no share code" not in client.get("/code/").content.decode()
