"""ipykernel's own kernel in this process, its messages written to a pipe instead of ZeroMQ.

Using the real kernel class is what keeps tracebacks, displays, magics and `input()` equal to those
of an ordinary kernel.  Nothing here starts a thread or opens a socket.
"""

import os
import sys
import tempfile
import threading
import types
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from ipykernel import ipkernel
from ipykernel.compiler import XCachingCompiler, get_tmp_hash_seed, murmur2_x86
from ipykernel.ipkernel import IPythonKernel
from jupyter_client.session import Session
from traitlets import Any as AnyTrait
from traitlets.config import Config

from ipats_lib.publishing.engine.wire import write_frame


class PipeSession(Session):
    """A session that writes each message as one frame to a file descriptor.

    Only the process that made it speaks: a forked grandchild would tear the frames.
    """

    def speak_through(self, descriptor: int) -> None:
        """Send all later messages to `descriptor`."""
        self._descriptor = descriptor
        self._speaker = os.getpid()
        self.lock = threading.RLock()

    def send(  # type: ignore[override]
        self,
        stream: object,  # noqa: ARG002  (jupyter_client fixes the signature)
        msg_or_type: dict[str, Any] | str,
        content: dict[str, Any] | None = None,
        parent: dict[str, Any] | None = None,
        buffers: list[bytes | memoryview] | None = None,
        **_: object,
    ) -> dict[str, Any]:
        if isinstance(msg_or_type, str):
            message = self.msg(msg_or_type, content, parent)
        else:
            message = msg_or_type
        if os.getpid() == self._speaker:
            sent = {key: message[key] for key in ("header", "parent_header", "content")}
            if buffers:
                sent["buffers"] = [b64encode(buffer).decode() for buffer in buffers]
            packed = self.pack(sent)
            with self.lock:
                write_frame(self._descriptor, packed)
        return message


class StableCompiler(XCachingCompiler):
    """Names a cell's code as ipykernel does, but without the process id, equal in every run."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:  # noqa: ARG002
        digest = murmur2_x86(raw_code, get_tmp_hash_seed())
        return os.path.join(tempfile.gettempdir(), "ipykernel_0", f"{digest}.py")


class PipeKernel(IPythonKernel):
    """An IPython kernel without sockets, debugger, history file or threads."""

    debugger_class = AnyTrait()
    compiler_class = StableCompiler
    _execute_sleep = 0.0

    async def run(self, request: dict[str, Any]) -> None:
        """Execute one cell, sending what an ordinary kernel sends from busy to idle."""
        self.set_parent([], request)
        self._publish_status("busy", "shell")
        await self.execute_request(None, [], request)
        self._publish_status("idle", "shell")


def execute_request(source: str, message_id: str) -> dict[str, Any]:
    """Return the message that asks a kernel to run `source`."""
    return {
        "header": {"msg_id": message_id, "msg_type": "execute_request"},
        "metadata": {},
        # The engine stops the notebook itself; the kernel's own way needs a socket to empty.
        "content": {"code": source, "stop_on_error": False},
    }


def make_kernel(session: Session, log: Any) -> PipeKernel:
    """Make the kernel and its shell.  Once a process, after the fork."""
    settings = Config()
    settings.HistoryManager.enabled = False
    _forget_debugger()
    with _no_modules_to_list():
        return PipeKernel.instance(
            session=session,
            config=settings,
            log=log,
            shell_channel_thread=SimpleNamespace(parent_thread=None),
        )


def _forget_debugger() -> None:
    """Spare the kernel a third of a second of importing debugpy, which nobody can reach here."""
    stub: Any = types.ModuleType("ipykernel.debugger")
    stub._is_debugpy_available = False
    sys.modules["ipykernel.debugger"] = stub


@contextmanager
def _no_modules_to_list() -> Iterator[None]:
    """The kernel lists the files of all modules, for the debugger alone: a look at each of two
    thousand copies twelve megabytes that the child shares with the warm process."""
    module: Any = ipkernel
    module.sys = SimpleNamespace(modules={}, platform=sys.platform)
    try:
        yield
    finally:
        module.sys = sys
