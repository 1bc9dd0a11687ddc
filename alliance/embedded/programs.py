"""The programs of the application, as the demo and the simulated season start them."""

import sys
import urllib.error
import urllib.request

PYTHON = sys.executable
_CELERY = [PYTHON, "-m", "celery", "-A", "alliance"]


def web(host: str, port: int) -> list[str]:
    """The web server: one process, four threads."""
    return [
        *(PYTHON, "-m", "granian", "--interface", "wsgi", "alliance.wsgi:application"),
        *("--host", host, "--port", str(port), "--no-ws", "--access-log"),
        *("--workers", "1", "--blocking-threads", "4", "--workers-kill-timeout", "5"),
    ]


def worker() -> list[str]:
    """The Celery worker: two processes. It has said " ready." once it takes messages."""
    return [
        *_CELERY,
        *("worker", "--loglevel", "INFO", "--concurrency", "2"),
        *("--without-gossip", "--without-mingle"),
    ]


def beat() -> list[str]:
    """What wakes the sweeps."""
    return [*_CELERY, "beat", "--loglevel", "INFO", "--pidfile", ""]


def answers(host: str, port: int) -> bool:
    """Whether the web server answers, whatever it says."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
    probe = urllib.request.Request(
        f"http://{host}:{port}/health/live", headers={"Host": "localhost"}
    )
    try:
        urllib.request.urlopen(probe, timeout=5).close()  # noqa: S310
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
