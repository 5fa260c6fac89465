"""Messages between the parent, its worker processes and their fork servers: one JSON line each.

Those of workers go over two pipes, those of fork servers over a socket, with the worker's pipes beside them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from levit_bench.measuring.model_files.description import ModelDescription
from levit_bench.paths.code_files import CodeFiles
from levit_bench.profiles import Profile
from levit_bench.records import Case, ColdStart, Finding, ImageShape


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    """A value that crosses the pipe."""


AT_WORK = "batch-at-work"
"""File in the folder of a preparation that names the batch at work, for the parent to read when the process dies."""

Witness = Literal["none", "first", "last"]
"""Whether and when in a turn the second timer times as many passes."""


class Prepare(_Message, frozen=True, kw_only=True, tag="prepare"):
    """Build, calibrate and check one network, and leave an artifact in `folder` for all seats to load."""

    case: Case
    batches: tuple[int, ...]
    folder: str
    seed: int
    reference: str = ""
    """Function whose network the outputs of a model file are compared with; empty: none."""


class Prepared(_Message, frozen=True, kw_only=True, tag="prepared"):
    """An artifact is on disk."""

    sha256: str
    params: int | None
    """Absent where those of a model file cannot be told from its other constants."""
    macs: int | None
    logits_std: float
    seconds: float
    compile_s: float
    uncounted: tuple[str, ...] = ()
    """Operators whose multiply-accumulates are unknown; then `macs` is absent."""
    distinct_images: int
    """Images with a reference."""
    failed: dict[int, str] = {}
    """Reasons of the batches that cannot be measured, by batch."""
    classes: int | None = None
    """Classes that the network returns: the width of its logits."""
    put_back: str = ""
    """Settings of its process that building it changed, and that were put back."""
    findings: tuple[Finding, ...] = ()
    """Findings about the network, without the ids of cases."""
    reference_sha256: str | None = None
    """Digest of the weights of the network that a model file was compared with; absent where it was with none."""
    reference_distance: float | None = None
    """Relative L2 distance of the outputs of both."""
    code_files: CodeFiles | None = None
    """The files that the network was made of, beside those of the installed packages; absent where they are not known.
    """
    noticed: dict[str, str | None] = {}
    """Digests of the files outside of every environment that its process had loaded or opened, by path: also where
    they may not be all, and of networks of the suite and of timm. None for one that was looked for in vain."""
    beyond_files: tuple[str, ...] = ()
    """Where `code_files` is absent: what its code asked for beside files, as far as that was noticed."""


class Load(_Message, frozen=True, kw_only=True, tag="load"):
    """Load a case from its artifact, and check its outputs."""

    case: Case
    folder: str
    seed: int
    draw: str = ""
    """Seed of the order of the images: random for each load, so that no network can foresee the order."""


class CaseLoaded(_Message, frozen=True, kw_only=True, tag="loaded"):
    """The case is ready and its outputs are right."""

    cold: ColdStart


class Turn(_Message, frozen=True, kw_only=True, tag="turn"):
    """Take one turn."""

    case: str
    settle: int
    passes: int
    witness: Witness = "none"
    onwards: bool = False
    """Go on with passes after the answer, until a `Rest` request: other streams may still be timing theirs."""


class Rest(_Message, frozen=True, kw_only=True, tag="rest"):
    """Stop going on."""


class Rested(_Message, frozen=True, kw_only=True, tag="rested"):
    """Nothing is running any more."""


class Turned(_Message, frozen=True, kw_only=True, tag="turned"):
    """A turn was taken. `problem` is that of the first wrong output, if there is one."""

    settle_s: tuple[float, ...]
    duration_s: tuple[float, ...]
    minor_faults: int | None
    major_faults: int | None
    cpu_s: float
    """Processor seconds of the timed passes, all threads."""
    threads_at_work: int | None = None
    """Threads of the seat that computed between the first pass and the last; absent where the system does not say."""
    device_s: tuple[float, ...] = ()
    witness_s: float | None = None
    total_cpu_s: float | None = None
    """Processor seconds of the seat since it was started, all threads, by its own clock."""
    peak_bytes: int | None = None
    """Most resident memory of the seat so far."""
    problem: str | None = None


class Watch(_Message, frozen=True, kw_only=True, tag="watch"):
    """Profile passes operator by operator: in a process without turns, as profiling disturbs later passes."""

    case: str
    passes: int


class Profiled(_Message, frozen=True, kw_only=True, tag="watched"):
    """A case was profiled."""

    profile: Profile


class Multiply(_Message, frozen=True, kw_only=True, tag="multiply"):
    """Measure how fast matrices are multiplied with the threads of this process. No case need be loaded."""

    device: str
    precision: str
    """The number format of the matrices."""


class Multiplied(_Message, frozen=True, kw_only=True, tag="multiplied"):
    """The rate of the fastest of several products."""

    macs_s: float


class Resolve(_Message, frozen=True, kw_only=True, tag="resolve"):
    """Look up which of these names can be built."""

    names: tuple[str, ...]


class Resolved(_Message, frozen=True, kw_only=True, tag="resolved"):
    """Image shapes by name; the reason by name where there is none; all names of timm, if any is missing."""

    shapes: dict[str, ImageShape]
    missing: dict[str, str]
    known: tuple[str, ...]
    models: dict[str, ModelDescription] = {}
    """What model files say of themselves."""


class Examine(_Message, frozen=True, kw_only=True, tag="examine"):
    """Load a runtime or form, and say whether it can be used here."""

    axis: Literal["runtime", "form"]
    name: str
    precision: str | None = None
    """Number format that a runtime is asked about; absent: whether it can be used at all."""


class Examined(_Message, frozen=True, kw_only=True, tag="examined"):
    """Why it cannot be used; absent where it can."""

    problem: str | None


class Describe(_Message, frozen=True, kw_only=True, tag="describe"):
    """Report threads, affinity, memory and versions of the process."""


class Description(_Message, frozen=True, kw_only=True, tag="description"):
    """Threads, affinity, memory and versions of a worker process, read back after its cases were loaded."""

    threads: int
    affinity: tuple[int, ...] | None
    rss_bytes: int
    versions: dict[str, str]
    peak_bytes: int | None = None
    malloc: str | None = None


class Failed(_Message, frozen=True, kw_only=True, tag="failed"):
    """The request could not be carried out; the seat lives on."""

    reason: str


class Fork(_Message, frozen=True, kw_only=True, tag="fork"):
    """To a fork server: fork a worker, whose requests, answers, life pipe and standard error go along as files."""

    threads: int
    die_with_parent: bool


class Reap(_Message, frozen=True, kw_only=True, tag="reap"):
    """To a fork server: how a worker ended, which has ended."""

    pid: int


class Forked(_Message, frozen=True, kw_only=True, tag="forked"):
    """The worker, and when its server had imported the libraries: seconds of the system's monotonic clock."""

    pid: int
    ready_at: float


class ForkFailed(_Message, frozen=True, kw_only=True, tag="fork-failed"):
    """The system refused another process."""

    reason: str


class Ended(_Message, frozen=True, kw_only=True, tag="ended"):
    """Exit code of a worker, or the negative number of the signal that ended it."""

    code: int


ForkRequest = Fork | Reap
ForkAnswer = Forked | ForkFailed | Ended
Request = Resolve | Prepare | Load | Turn | Rest | Watch | Multiply | Describe | Examine
Answer = Resolved | Prepared | CaseLoaded | Turned | Rested | Profiled | Multiplied | Description | Examined | Failed

_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)
_fork_requests: msgspec.json.Decoder[ForkRequest] = msgspec.json.Decoder(ForkRequest)
_fork_answers: msgspec.json.Decoder[ForkAnswer] = msgspec.json.Decoder(ForkAnswer)


def encode(message: Request | Answer | ForkRequest | ForkAnswer) -> bytes:
    """The message as one line."""
    return msgspec.json.encode(message) + b"\n"


def decode_request(line: bytes) -> Request:
    """A line from the parent."""
    return _requests.decode(line)


def decode_answer(line: bytes) -> Answer:
    """A line from a seat.

    Raises:
        msgspec.DecodeError: the line is not a message.
    """
    return _answers.decode(line)


def decode_fork_request(data: bytes) -> ForkRequest:
    """A message from the parent to a fork server."""
    return _fork_requests.decode(data)


def decode_fork_answer(data: bytes) -> ForkAnswer:
    """A message from a fork server."""
    return _fork_answers.decode(data)
