#!/usr/bin/env python3
"""stream_beside_python.py < SCRIPTS - what asyncio's streams do with the
scripts of test_stream_beside_python.c, which explains them, a line for each
line. After each of them the loop goes round TURNS times."""
import asyncio
import errno
import logging
import socket
import sys

TURNS = 10
BLOCK = bytes(64 * 1024)


def show(data):
    return f"{len(data)} {data[:40].hex()}"


def show_result(result):
    return show(result) if isinstance(result, bytes) else "done"


def show_error(error):
    line = f"{type(error).__name__}: {error}"
    if isinstance(error, asyncio.IncompleteReadError):
        return f"{line}, carrying {show(error.partial)}"
    if isinstance(error, asyncio.LimitOverrunError):
        return f"{line}, carrying {error.consumed}"
    return line


async def settle():
    for _ in range(TURNS):
        await asyncio.sleep(0)


class Script:
    """A stream, the other end of its socket, and who waits for it."""

    def __init__(self):
        self.peer = self.reader = self.writer = None
        self.waiting = []

    async def begin(self, limit):
        ours, self.peer = socket.socketpair()
        self.peer.setblocking(False)
        self.reader, self.writer = await asyncio.open_connection(
            sock=ours, limit=limit)

    async def end(self):
        self.abort()
        for task in self.waiting:
            task.cancel()
        await settle()
        self.hang_up()

    def abort(self):
        """A transport that closes late does not know that it is lost."""
        try:
            self.writer.transport.abort()
        except AttributeError:
            pass

    def hang_up(self):
        if self.peer is not None:
            self.peer.close()
            self.peer = None

    async def swallow(self):
        total, idle = 0, 0
        while idle < 2:
            try:
                count = len(self.peer.recv(1 << 16))
                ended = count == 0
            except BlockingIOError:
                count, ended = 0, False
            except OSError as error:
                return f"{total}, {errno.errorcode[error.errno]}"
            if ended:
                return f"{total}, the end"
            total += count
            idle = 0 if count else idle + 1
            await settle()
        return f"{total}"

    def fill(self):
        for _ in range(1000):
            if (self.writer.transport.get_write_buffer_size() > 0
                    or self.writer.transport.is_closing()):
                break
            self.writer.write(BLOCK)

    def start(self, word, argument):
        reader, writer = self.reader, self.writer
        coroutine = {
            "read": lambda: reader.read(int(argument)),
            "exactly": lambda: reader.readexactly(int(argument)),
            "until": lambda: reader.readuntil(
                argument.encode().decode("unicode_escape").encode()),
            "line": reader.readline,
            "drain": writer.drain,
            "wait_closed": writer.wait_closed,
        }[word]()
        self.waiting.append(asyncio.ensure_future(coroutine))

    async def obey(self, word, argument):
        """What the line has to say besides what tasks do."""
        writer = self.writer
        if word == "say":
            self.peer.send(argument.encode().decode("unicode_escape").encode())
        elif word == "peer_end":
            self.peer.shutdown(socket.SHUT_WR)
        elif word == "hang_up":
            self.hang_up()
        elif word == "swallow":
            return await self.swallow()
        elif word == "write":
            writer.write(BLOCK[:int(argument)])
        elif word == "fill":
            self.fill()
        elif word == "write_end":
            writer.write_eof()
        elif word == "limits":
            high, low = argument.split()
            writer.transport.set_write_buffer_limits(int(high), int(low))
        elif word == "close":
            writer.close()
        elif word == "abort":
            self.abort()
        elif word == "at_end":
            return str(int(self.reader.at_eof()))
        elif word == "is_closing":
            return str(int(writer.is_closing()))
        elif word == "is_unsent":
            return str(int(writer.transport.get_write_buffer_size() > 0))
        elif word == "cancel":
            if self.waiting:
                self.waiting[0].cancel()
        else:
            self.start(word, argument)
        return ""

    def collect(self):
        """What tasks have come to."""
        over = [task for task in self.waiting if task.done()]
        self.waiting = [task for task in self.waiting if not task.done()]
        lines = []
        for task in over:
            try:
                lines.append(show_result(task.result()))
            except asyncio.CancelledError:
                lines.append("CancelledError: ")
            except Exception as error:
                lines.append(show_error(error))
        return lines


async def run(lines):
    script = Script()
    try:
        await script.begin(int(lines[0].split()[1]))
        for line in lines[1:]:
            word, _, argument = line.partition(" ")
            try:
                said = await script.obey(word, argument)
            except (RuntimeError, OSError) as error:
                said = show_error(error)
            except AttributeError:  # see abort()
                said = ""
            await settle()
            print(" | ".join([f"{line}: {said}"] + script.collect()))
        print("--")
    finally:
        await script.end()


def main():
    logging.disable()
    for text in sys.stdin.read().split("\n--\n"):
        if text.strip():
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(lambda loop, context: None)
            asyncio.set_event_loop(loop)
            loop.run_until_complete(run(text.splitlines()))
            loop.close()


main()
