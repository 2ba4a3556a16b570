#!/usr/bin/env python3
"""http_beside_python.py PORT PATH... - what http.client gets from a server at
PORT, a line for each path; first the port of a server of http.server, which
answers in its own way until standard input ends."""
import http.client
import http.server
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"you asked for {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def fetch(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
        return f"{response.status} {body}"
    except ConnectionError as error:
        return f"no answer: {error}"
    except http.client.IncompleteRead:
        return "half an answer"
    except http.client.HTTPException:
        return "no HTTP"
    finally:
        connection.close()


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    for path in sys.argv[2:]:
        print(path, fetch(int(sys.argv[1]), path), flush=True)
    sys.stdin.read()


main()
