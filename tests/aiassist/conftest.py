"""Who answers for a language model in these tests: a real server, with what it is told to say."""

import pytest

from tests.aiassist.model_server import ModelServer


@pytest.fixture(scope="module")
def _model_server():
    server = ModelServer()
    yield server
    server.close()


@pytest.fixture
def model_server(_model_server, settings):
    """The alliance asks this one."""
    _model_server.says, _model_server.heard = [], []
    settings.LLM = _model_server.llm()
    return _model_server
