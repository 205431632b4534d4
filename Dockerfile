# The server of docs/server.md. Build: docker build -t kedergi .
# PostgreSQL's driver is in it; nothing that builds is in the image that runs.

FROM python:3.11-slim-bookworm AS built
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE kedergi.py ./
COPY probe probe
COPY results results
COPY server server
COPY targets targets
RUN python -m venv /opt/kedergi \
 && /opt/kedergi/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt ".[postgres]" \
 && /opt/kedergi/bin/python -m compileall -q /opt/kedergi/lib \
 && /opt/kedergi/bin/pip uninstall -y pip setuptools

FROM python:3.11-slim-bookworm
COPY --from=built /opt/kedergi /opt/kedergi
# A number, so that a cluster can tell that it is not root.
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/kedergi /etc/kedergi
USER 10001:10001
ENV PATH=/opt/kedergi/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/var/lib/kedergi \
    XDG_DATA_HOME=/var/lib/kedergi
VOLUME /var/lib/kedergi
EXPOSE 8733
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8733/healthz', timeout=5).close()"]
ENTRYPOINT ["kedergi"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8733", "--log", "json", "--config", "/etc/kedergi/server.toml"]
