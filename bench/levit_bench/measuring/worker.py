"""The worker process: `seat.py` starts it with the arguments IN OUT LIFE THREADS SIGNAL, the first three pipe ends.

Carries out the parent's requests one at a time, in its main thread, and blocks on a read in between. Ends when the
parent closes the pipe or dies.
"""

from __future__ import annotations

import ctypes
import gc
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
import torch

from levit_bench.errors import one_line
from levit_bench.measuring import devices, forms, networks, runtimes
from levit_bench.measuring.extensions import ExtensionError
from levit_bench.measuring.failure_reasons import reason_for
from levit_bench.measuring.loaded_network import copies_of
from levit_bench.measuring.machine.processors import allowed_processors
from levit_bench.measuring.networks import code_inputs, sources
from levit_bench.measuring.pass_data.feed import Feed
from levit_bench.measuring.pass_data.reference_outputs import references_in
from levit_bench.measuring.preparing import artifacts, deployed_models
from levit_bench.measuring.profiling.matrix_rate import best_rate
from levit_bench.measuring.profiling.profile import watched
from levit_bench.measuring.workers import allocator_library
from levit_bench.measuring.workers.memory import peak_bytes, resident_bytes
from levit_bench.measuring.workers.messages import (
    Answer,
    CaseLoaded,
    Describe,
    Description,
    Examine,
    Examined,
    Failed,
    Load,
    Multiplied,
    Multiply,
    Prepare,
    Prepared,
    Profiled,
    Request,
    Resolve,
    Rest,
    Rested,
    Turn,
    Turned,
    Watch,
    decode_request,
    encode,
)
from levit_bench.measuring.workers.passes import Meter, time_passes
from levit_bench.measuring.workers.process_settings import Settings, listed, put_back
from levit_bench.measuring.workers.second_timer import witness_s
from levit_bench.measuring.workers.thread_count import ThreadsAtWork
from levit_bench.records import Case, ColdStart

_PR_SET_PDEATHSIG = 1
_LONGEST_PRODUCT_S = 0.01  # Long enough for nine tenths of the rate of longer ones.
_SPARE_BYTES = 256 << 20  # What fragmentation took in the pilot was below a fifth of this.


class _LoadedCase(NamedTuple):
    """A case that is loaded in this process."""

    case: Case
    loaded: runtimes.Loaded
    feed: Feed


class _RuntimeReport(NamedTuple):
    """Threads and versions that a runtime reports."""

    threads: int
    versions: dict[str, str]


class Worker:
    """Loaded cases of one worker process, and the requests it answers."""

    def __init__(self) -> None:
        self._loaded_cases: dict[str, _LoadedCase] = {}
        self._runtimes: dict[str, _RuntimeReport] = {}
        self._devices: dict[str, dict[str, str]] = {}
        self._fell: str | None = None

    def answer(self, request: Request) -> Answer:
        """Carry out one request; faults of the network become `Failed`."""
        before = Settings(loading=not isinstance(request, Turn | Watch))
        answer = self._carry_out(request)
        changed = listed(before.restore())
        if changed and isinstance(answer, Prepared | CaseLoaded | Turned | Profiled | Failed):
            return Failed(reason=f"changes settings of its whole process while it runs: {changed}")
        settings = listed(put_back())
        if settings and isinstance(answer, Prepared):
            return msgspec.structs.replace(answer, put_back=settings)
        return answer

    def _carry_out(self, request: Request) -> Answer:
        try:
            match request:
                case Prepare():
                    return _prepared(request)
                case Load():
                    return self._load(request)
                case Turn():
                    return self._turn(request)
                case Rest():
                    return self._rest()
                case Watch():
                    return self._watch(request)
                case Multiply():
                    return self._multiply(request)
                case Describe():
                    return self._describe()
                case Resolve():
                    return networks.resolve(request.names)
                case Examine():
                    return Examined(problem=_examine(request))
        except (Exception, SystemExit) as error:  # A network may raise any exception; only its own case fails.
            return Failed(reason=reason_for(error))

    @torch.inference_mode()
    def _load(self, request: Load) -> Answer:
        case, folder = request.case, Path(request.folder)
        rss_before, began = resident_bytes(), time.perf_counter()
        loaded = _loaded(case, folder)
        load_s = time.perf_counter() - began
        if change := sources.changed(case.network, folder):
            return Failed(reason=change)
        references = references_in(folder)
        pool = references.pool(case.shape, request.seed)
        began = time.perf_counter()
        feed = Feed(loaded, pool, references, batch=case.batch, precision=case.precision, draw=request.draw)
        load_s += time.perf_counter() - began
        started = time.perf_counter()
        output = loaded.run(feed.placed)
        loaded.synchronise()
        first_pass_s = time.perf_counter() - started
        feed.keep(output)
        grown = max(resident_bytes() - rss_before, 0)
        feed.write()
        output = loaded.run(feed.placed)
        loaded.synchronise()
        feed.keep(output)
        problem = feed.problem()
        if problem:
            return Failed(reason=artifacts.explained(problem, case))
        # Read here, where an exception fails only this case, and not in `_describe`, where it would fail all.
        self._runtimes[case.runtime] = _runtime_report(case.runtime)
        self._devices[case.device] = devices.versions_of(case.device)
        self._loaded_cases[case.id] = _LoadedCase(case, loaded, feed)
        copy_s, copy_pinned_s = copies_of(loaded, pool.batch([row % pool.size for row in range(case.batch)]))
        cold = ColdStart(
            load_s=load_s, first_pass_s=first_pass_s, grown_bytes=grown, copy_s=copy_s, copy_pinned_s=copy_pinned_s
        )
        return CaseLoaded(cold=cold)

    @torch.inference_mode()
    def _turn(self, request: Turn) -> Answer:
        loaded_case = self._loaded_cases[request.case]
        run, synchronise, feed, meter = (
            loaded_case.loaded.run,
            loaded_case.loaded.synchronise,
            loaded_case.feed,
            Meter(),
        )
        placed = feed.placed

        def one_pass() -> torch.Tensor:
            return run(placed)

        def before() -> None:
            feed.write()
            synchronise()
            meter.start()

        def after(output: object) -> None:
            meter.stop()
            feed.keep(output)

        gc.collect()
        gc.disable()
        witness: float | None = None
        try:
            if request.witness == "first":
                witness = witness_s(one_pass, synchronise, request.passes)
            settle = time_passes(one_pass, synchronise, request.settle, before=before, after=after)
            loaded_case.loaded.device_seconds()  # Those of the settle passes.
            meter = Meter()
            working = ThreadsAtWork.now()
            timed = time_passes(one_pass, synchronise, request.passes, before=before, after=after)
            at_work = ThreadsAtWork.now().since(working)
            on_device = loaded_case.loaded.device_seconds()
            if request.witness == "last":
                witness = witness_s(one_pass, synchronise, request.passes)
        finally:
            gc.enable()
        return Turned(
            settle_s=settle,
            duration_s=timed,
            minor_faults=meter.used.minor_faults,
            major_faults=meter.used.major_faults,
            cpu_s=meter.used.cpu_s,
            threads_at_work=at_work,
            device_s=on_device,
            witness_s=witness,
            total_cpu_s=time.process_time(),
            peak_bytes=peak_bytes(),
            problem=feed.problem(),
        )

    @torch.inference_mode()
    def go_on(self, case: str, until: Callable[[], bool]) -> None:
        """Further untimed passes, so that the last pass of the other streams is timed under as much load as the first.

        A pass that fails is reported when the parent sends `Rest`.
        """
        loaded_case = self._loaded_cases[case]
        try:
            while not until():
                loaded_case.feed.write()
                loaded_case.loaded.run(loaded_case.feed.placed)
                loaded_case.loaded.synchronise()
        except (Exception, SystemExit) as error:  # As in a turn.
            self._fell = reason_for(error)

    def _rest(self) -> Answer:
        reason, self._fell = self._fell, None
        return Rested() if reason is None else Failed(reason=reason)

    @torch.inference_mode()
    def _watch(self, request: Watch) -> Answer:
        loaded_case = self._loaded_cases[request.case]
        return Profiled(profile=watched(loaded_case.loaded, lambda: loaded_case.feed.placed, request.passes))

    @torch.inference_mode()
    def _multiply(self, request: Multiply) -> Answer:
        identity = devices.get(request.device).hold(torch.nn.Identity(), request.precision)
        example, synchronise = identity.place(torch.zeros(1, 3, 1, 1)), identity.synchronise
        best = best_rate(example, synchronise, longest_s=_LONGEST_PRODUCT_S).flops
        if example.device.type == "cpu" and example.dtype != torch.float32:
            # Where products in a short format are emulated, convolutions may still be faster than these: at most by
            # the ratio of the formats' sizes.
            fine = best_rate(torch.empty(0), synchronise, longest_s=_LONGEST_PRODUCT_S).flops
            best = max(best, fine * 4 / example.element_size())
        return Multiplied(macs_s=best / 2)

    def _describe(self) -> Answer:
        peak = peak_bytes()  # Before the heap grows beyond what the cases took.
        if any(loaded_case.case.allocator == "pinned" for loaded_case in self._loaded_cases.values()):
            # The heap still grows a little in the first seconds. Fault the pages in now, not during a pass.
            with suppress(RuntimeError, MemoryError):  # Without room to spare, the heap grows during passes.
                torch.empty(_SPARE_BYTES, dtype=torch.uint8).fill_(1)
        # All objects that exist now live as long as the process: exempt them from garbage collection.
        gc.collect()
        gc.freeze()
        return Description(
            threads=max((runtime.threads for runtime in self._runtimes.values()), default=torch.get_num_threads()),
            affinity=allowed_processors(),
            rss_bytes=resident_bytes(),
            peak_bytes=peak,
            malloc=allocator_library.provider(),
            versions={
                name: version
                for versions in (
                    *(runtime.versions for _, runtime in sorted(self._runtimes.items())),
                    *self._devices.values(),
                )
                for name, version in versions.items()
            },
        )


def _prepared(request: Prepare) -> Prepared:
    """What is left in the folder of a request."""
    case, batches, folder, seed = request.case, request.batches, Path(request.folder), request.seed
    if case.is_model_file:
        prepared = deployed_models.prepare(case, batches, folder, seed, request.reference)
    else:
        prepared = artifacts.prepare(case, batches, folder, seed)
    of_file = prepared.code_files.files if case.is_model_file and prepared.code_files is not None else {}
    return msgspec.structs.replace(
        prepared, noticed=code_inputs.noticed() | of_file, beyond_files=code_inputs.beyond_files()
    )


def _loaded(case: Case, folder: Path) -> runtimes.Loaded:
    """A prepared case, loaded in this process."""
    if case.is_model_file:
        return deployed_models.load(case, folder)
    return runtimes.get(case.runtime).load(case, artifacts.artifact_in(folder))


def _examine(request: Examine) -> str | None:
    """Why a runtime or form cannot be used here, or None."""
    try:
        if request.axis == "form":
            forms.get(request.name)
            return None
        if request.precision is not None:
            return runtimes.lacking_in_worker(request.name, request.precision)
        reason = runtimes.unavailable_in_worker(request.name)
    except ExtensionError as error:
        return str(error)
    return None if reason is None else f"runtime {request.name!r} cannot run here: {one_line(reason)}"


def _runtime_report(name: str) -> _RuntimeReport:
    """A runtime's threads and versions as plain numbers and text: `torch.__version__` is a subclass of str."""
    runtime = runtimes.get(name)
    with runtimes.POINT.using(name):
        return _RuntimeReport(int(runtime.threads()), {str(k): str(v) for k, v in runtime.versions().items()})


def die_with(parent: int) -> None:
    """Let the kernel end this process when that one ends, also in the middle of an operator; on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # It ended before the kernel was asked.
            os._exit(1)


def _end_with_pipe(life: int) -> None:
    """End this process when the parent's end of the pipe is closed; a thread waits for that."""

    def wait() -> None:
        os.read(life, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="life").start()


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until the pipe closes."""
    worker = Worker()
    for line in requests:
        request = decode_request(line)
        answer = worker.answer(request)
        answers.write(encode(answer))
        answers.flush()
        if isinstance(request, Turn) and request.onwards and isinstance(answer, Turned):
            # The parent sends no request before it has this answer, so none waits in the reader's buffer.
            worker.go_on(request.case, lambda: bool(select.select([requests], [], [], 0)[0]))


def work(requests: int, answers: int, life: int, threads: int, *, die_with_parent: int | None) -> None:
    """Set what must be set before the first network, then serve.

    Args:
        requests: file descriptor to read requests from.
        answers: file descriptor to write answers to.
        life: file descriptor of a pipe; this process ends when its other end is closed.
        threads: of an operator.
        die_with_parent: the process with which the kernel ends this one; none: the pipe alone does.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends this process.
    if die_with_parent is not None:
        die_with(die_with_parent)
    _end_with_pipe(life)
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    with os.fdopen(requests, "rb") as reading, os.fdopen(answers, "wb") as writing:
        serve(reading, writing)


def main() -> None:
    """A worker that was started by itself."""
    requests, answers, life, threads, with_parent = map(int, sys.argv[1:6])
    work(requests, answers, life, threads, die_with_parent=os.getppid() if with_parent else None)
