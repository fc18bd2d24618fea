# A WSGI application for gunicorn.
import os, time

VERSION = os.environ.get("TEST_VERSION", "1")


def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Version", VERSION)])
    return [(VERSION + "\n").encode()]
