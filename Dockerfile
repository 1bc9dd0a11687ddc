# The image that web, worker, beat and migrations run from. Nothing in it runs as root, nothing it
# runs writes outside /tmp and /var/lib/alliance. docs/operations.md says how to use it.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements-production.lock ./
RUN python -m venv /venv \
    && /venv/bin/pip install --require-hashes -r requirements-production.lock
ENV PATH=/venv/bin:$PATH
COPY . .
# Production settings refuse to load without these; what is given here stays in this layer only.
RUN python alliance/embedded/catalogues.py \
    && SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(64))') \
       STATEMENT_KEY=$(python -c 'import secrets; print(secrets.token_hex(32))') \
       ALLOWED_HOSTS=build.invalid PUBLIC_URL=https://build.invalid EMAIL_URL=dummymail:// \
       python manage.py collectstatic --no-input \
    && python -m compileall -q alliance merchants affiliates campaigns commissions aiassist

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ALLIANCE_ENV=production \
    MEDIA_ROOT=/var/lib/alliance/media \
    CLICKS_DIR=/var/lib/alliance/clicks \
    TAKEOUT_DIR=/var/lib/alliance/takeouts \
    CELERY_BEAT_SCHEDULE=/var/lib/alliance/beat/schedule \
    GRANIAN_HOST=0.0.0.0 \
    GRANIAN_PORT=8000 \
    GRANIAN_INTERFACE=wsgi \
    GRANIAN_WEBSOCKETS=false \
    GRANIAN_WORKERS=2 \
    GRANIAN_BLOCKING_THREADS=4 \
    GRANIAN_WORKERS_KILL_TIMEOUT=20
WORKDIR /app
# Chinese and Latin letters for posters.
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-wqy-microhei \
    && rm -rf /var/lib/apt/lists/*
RUN install -d -o 10001 -g 10001 /var/lib/alliance/media /var/lib/alliance/clicks /var/lib/alliance/takeouts \
    /var/lib/alliance/beat
COPY --from=build /venv /venv
COPY --from=build /app /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; host = os.environ['ALLOWED_HOSTS'].split(',')[0].strip().lstrip('.'); r.urlopen(r.Request('http://127.0.0.1:8000/health/ready', headers={'Host': host}), timeout=8)"]
CMD ["granian", "alliance.wsgi:application"]
