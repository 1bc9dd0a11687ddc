"""A server that speaks the chat protocol of language models, and says what a test wants."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "tiny"


class ModelServer:
    """Answers each request with the next of `says` (the last one again and again): a text, a dict
    that becomes JSON, or a function of (handler, request). `heard` keeps the requests."""

    def __init__(self):
        self.says, self.heard = [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.heard.append(body)
                said = outer.says.pop(0) if len(outer.says) > 1 else outer.says[0]
                if callable(said):
                    said(self, body)
                else:
                    answer(self, body, message(said))

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def llm(self, **changes):
        """Settings that lead here."""
        return {
            "PROVIDER": "openai_compatible",
            "BASE_URL": self.url,
            "MODEL": MODEL,
            "API_KEY": "sk-secret",
            "PRIVATE": True,
            "STRUCTURE": "schema",
            "SECONDS": 10,
            "RETRIES": 0,
            "MAX_TOKENS": 100,
            "TOKENS_PER_DAY": 100_000,
            "COST_PER_DAY_MINOR": 0,
            "PRICE_IN_MINOR": 200,
            "PRICE_OUT_MINOR": 800,
            "CURRENCY": "CNY",
            **changes,
        }


def message(said):
    content = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return {"role": "assistant", "content": content}


def calls(*wanted):
    """An answer that calls tools: (name, arguments) each."""

    def say(handler, body):
        tools = [
            {
                "id": f"call-{number}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(args)},
            }
            for number, (name, args) in enumerate(wanted)
        ]
        said = {"role": "assistant", "content": None, "tool_calls": tools}
        answer(handler, body, said, "tool_calls")

    return say


def answer(handler, body, said, finish="stop"):
    if body.get("stream"):
        return stream(handler, said, finish)
    choice = {"index": 0, "message": said, "finish_reason": finish}
    return send(handler, 200, envelope("chat.completion", choices=[choice], usage=USAGE))


USAGE = {"prompt_tokens": 300, "completion_tokens": 50, "total_tokens": 350}


def envelope(kind, **fields):
    return {"id": "c-1", "object": kind, "created": 1_780_000_000, "model": MODEL, **fields}


def send(handler, status, body, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


def fault_of(status, **headers):
    """An answer that is none, with a secret in its words."""
    said = {"error": {"message": "sk-secret is over quota", "code": "x"}}
    return lambda handler, body: send(handler, status, said, **headers)


def stream(handler, said, finish="stop", *, breaks_after=None):
    """Server-sent events: the text a few letters at a time; cut off where it `breaks_after`."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Connection", "close")
    handler.end_headers()
    deltas = [{"role": "assistant"}]
    text = said.get("content") or ""
    deltas += [{"content": text[at : at + 5]} for at in range(0, len(text), 5)]
    for number, call in enumerate(said.get("tool_calls") or ()):
        deltas.append({"tool_calls": [{"index": number, **call}]})
    for number, delta in enumerate(deltas):
        if number == breaks_after:
            return
        event(handler, [{"index": 0, "delta": delta, "finish_reason": None}])
    event(handler, [{"index": 0, "delta": {}, "finish_reason": finish}])
    event(handler, [], usage=USAGE)
    handler.wfile.write(b"data: [DONE]\n\n")


def event(handler, choices, **fields):
    chunk = envelope("chat.completion.chunk", choices=choices, **fields)
    handler.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
