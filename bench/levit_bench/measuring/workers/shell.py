"""Which environment variables of the calling shell reach a worker, and how they are recorded.

A worker starts from an allow-list: variables that it needs to run, and those that its user names in
`LEVIT_BENCH_PASS_ENV`. All others stay out, because libraries read hundreds of variables that change times. Pure
functions; the variables that the suite itself sets are in `process_environment.py`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping

from levit_bench.errors import UsageError
from levit_bench.records import Finding, Shell

WANTED_VARIABLE = "LEVIT_BENCH_PASS_ENV"
"""Environment variable that names others, which reach the workers and are stored with the session."""
OWN = {
    "OMP_NUM_THREADS": "--threads", "MKL_NUM_THREADS": "--threads", "OPENBLAS_NUM_THREADS": "--threads",
    "VECLIB_MAXIMUM_THREADS": "--threads", "OMP_DYNAMIC": "--threads", "MKL_DYNAMIC": "--threads",
    "MALLOC_MMAP_MAX_": "--allocator", "MALLOC_TRIM_THRESHOLD_": "--allocator", "MALLOC_TOP_PAD_": "--allocator",
    "LD_PRELOAD": "libraries other than allocators are passed in any case, and --allocator",
    "PYTHONPATH": "workers import what this process can", "PYTHONHASHSEED": "", "PYTHONFAULTHANDLER": "",
    "PYTHONUTF8": "",
}  # fmt: skip
"""Variables that this suite sets itself, each with the option for it."""

_NEEDED = frozenset({
    # To find programs, files and the user's own folders.
    "PATH", "HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "SHELL", "TMPDIR", "TEMP", "TMP", "TZ", "LANG", "LANGUAGE",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "LOCALE_ARCHIVE",
    # Python and its folders. How bytecode is kept changes the first start after an installation, and no pass.
    "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONPLATLIBDIR", "PYTHONEXECUTABLE",
    "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV", "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV", "CONDA_DLL_SEARCH_MODIFICATION_ENABLE",
    # Downloads that a user's network makes while it is built.
    "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "ftp_proxy",
    "all_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC",
    "TORCH_HOME", "HF_HOME", "HF_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT", "HF_HUB_CACHE", "HF_HUB_OFFLINE",
    "HUGGINGFACE_HUB_CACHE", "HUGGING_FACE_HUB_TOKEN", "TRANSFORMERS_CACHE", "TRANSFORMERS_OFFLINE",
    # Where a compiler finds headers and libraries.
    "CC", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "SDKROOT", "DEVELOPER_DIR",
    "MACOSX_DEPLOYMENT_TARGET",
    # Which GPU; its name is stored with the machine.
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER",
    # Windows and macOS.
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA",
    "PROGRAMFILES", "PROGRAMFILES(X86)", "COMMONPROGRAMFILES", "USERPROFILE", "HOMEDRIVE", "HOMEPATH",
    "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "PROCESSOR_IDENTIFIER", "__CF_USER_TEXT_ENCODING",
})  # fmt: skip
# An emulator's settings decide whether a process starts at all; its times are kept out of every speed figure.
_NEEDED_PREFIXES = ("LC_", "NIX_LD", "QEMU_")
_PRELOADS = ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES")
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
_FOR_ALL = "ld.so.preload"
_TELLING = frozenset({*_PRELOADS, *_LIBRARY_PATHS, "CXX"})
"""Variables that workers need and that decide which libraries and compilers run."""

_TIMED_PREFIXES = (
    "MALLOC_", "TCMALLOC_", "MIMALLOC_", "_RJEM_MALLOC_", "OMP_", "GOMP_", "KMP_", "MKL_", "MKLDNN_", "DNNL_",
    "ONEDNN_", "OPENBLAS_", "GOTO_", "BLIS_", "VECLIB_", "ACL_", "TBB_", "XNNPACK_", "QNNPACK_", "FBGEMM_", "LIBXSMM_",
    "IPEX_", "ATEN_", "TORCH_", "TORCHDYNAMO_", "TORCHINDUCTOR_", "PYTORCH_", "INDUCTOR_", "AOTINDUCTOR_",
    "TRITON_", "KINETO_", "TIMM_", "ORT_", "OPENVINO_", "OV_", "CUDA_", "CUBLAS", "CUDNN_", "MTL_",
    "METAL_", "LD_", "DYLD_", "NPY_", "NUMEXPR_", "COVERAGE_", "COV_CORE_", "ASAN_", "TSAN_", "UBSAN_",
)  # fmt: skip
_TIMED = frozenset({
    "GLIBC_TUNABLES", "LRU_CACHE_CAPACITY", "NVIDIA_TF32_OVERRIDE", "PYTHONMALLOC", "PYTHONMALLOCSTATS",
    "PYTHONOPTIMIZE", "PYTHONDEVMODE", "PYTHONDEBUG", "PYTHONTRACEMALLOC", "PYTHONPROFILEIMPORTTIME", "PYTHONVERBOSE",
    "PYTHONASYNCIODEBUG", "PYTHONNODEBUGRANGES", "PYTHONPERFSUPPORT", "PYTHON_PERF_JIT_SUPPORT", "PYTHON_JIT",
    "PYTHON_GIL", "PYTHON_CPU_COUNT", "PYTHON_FROZEN_MODULES", *_TELLING,
})  # fmt: skip
# Variables that container images set, and names of folders, change no time by themselves.
_HARMLESS = ("_VERSION", "_HOME", "_ROOT", "_DIR", "_URL", "_SHA256", "_ARCH_LIST", "_PATHS", "CACHE_PATH")

_ALLOCATOR = re.compile(r"malloc|hoard|scudo|libumem", re.I)
_BETWEEN = re.compile(r"[\s:]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(r"TOKEN|SECRET|PASS|PWD|KEY|AUTH|CREDENTIAL|COOKIE", re.I)
_PLAIN = re.compile(r"[A-Za-z0-9_.,:;=+-]{1,40}")
_LONGEST_WORD = 15
"""Longest run of letters and digits that is stored as it is; a longer one may be a key."""
_DIGEST, _DIGEST_OF_A_SECRET = len("sha256:") + 8, len("sha256:") + 4
"""Letters of a digest that are stored. Of a secret too few to find it by trying, and enough to tell two apart."""


def passed(base: Mapping[str, str]) -> dict[str, str]:
    """The variables of a shell that reach a worker, preloaded allocators taken out.

    Raises:
        UsageError: `LEVIT_BENCH_PASS_ENV` names what is not set, or what the suite sets itself.
    """
    names = named(base)
    out = {name: value for name, value in base.items() if _is_needed(name) or name in _TELLING or name in names}
    for name in _PRELOADS:
        remaining = [library for library in libraries(out.pop(name, "")) if not is_allocator(library)]
        if remaining:
            out[name] = ":".join(remaining)
    return out


def named(base: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that a user wants to reach the workers.

    Raises:
        UsageError: one is not a name that a shell could export, is not set, or is set by the suite itself.
    """
    names = tuple(dict.fromkeys(filter(None, re.split(r"[\s,]+", base.get(WANTED_VARIABLE, "")))))
    for name in names:
        if not _NAME.fullmatch(name):
            raise UsageError(f"{WANTED_VARIABLE} names {name[:80]!r}, which is not a variable's name. Write NAME[,…].")
        if name in OWN:
            option = f" ({OWN[name]} decides it)" if OWN[name] else ""
            raise UsageError(f"{WANTED_VARIABLE} names {name}, which this suite sets itself{option}. Leave it out.")
        if name not in base:
            raise UsageError(f"{WANTED_VARIABLE} names {name[:80]}, which is not set here. Export it, or leave it out.")
    return names


def libraries(preload: str) -> list[str]:
    """The libraries of LD_PRELOAD, which colons and white space separate."""
    return [part for part in _BETWEEN.split(preload) if part]


def is_allocator(library: str) -> bool:
    """Whether a library is a memory allocator by its file name; its folders do not count."""
    return bool(_ALLOCATOR.search(_file_name(library)))


def recorded(
    base: Mapping[str, str], workers: Iterable[Mapping[str, str]], for_all: str, private_names: Collection[str]
) -> Shell:
    """The record of a shell's variables that is stored.

    Args:
        base: the environment of the calling process.
        workers: environments that the workers get.
        for_all: text of /etc/ld.so.preload, whose libraries are loaded into every process.
        private_names: names of the user and the host, which are not stored.

    Raises:
        UsageError: as `passed`.
    """
    environment, asked_names = passed(base), set(named(base))
    telling = {name for name, value in environment.items() if name in asked_names or (name in _TELLING and value)}
    settings = {name: _stored_value(name, environment[name], private_names) for name in sorted(telling)}
    if everywhere := [
        _file_name(entry) for line in for_all.splitlines() for entry in libraries(line.partition("#")[0])
    ]:
        settings[_FOR_ALL] = ":".join(everywhere)
    environments = list(workers)
    dropped = {
        n
        for n in base
        if changes_times(n) and n not in environment and all(worker.get(n) != base[n] for worker in environments)
    }
    dropped -= set(_PRELOADS)
    allocators = [
        f"{name} ({_file_name(library)})"
        for name in _PRELOADS
        for library in libraries(base.get(name, ""))
        if is_allocator(library)
    ]
    return Shell(
        settings=settings, passed=tuple(sorted(environment.keys() - telling)), dropped=(*sorted(dropped), *allocators)
    )


def changes_times(name: str) -> bool:
    """Whether a library that this suite may load reads the variable and behaves differently."""
    if name in _TIMED:
        return True
    if not name.startswith(_TIMED_PREFIXES) or name in _NEEDED:
        return False
    return name.startswith(("LD_", "DYLD_")) or not name.endswith(_HARMLESS)


def about(shell: Shell) -> list[Finding]:
    """Findings about a shell's variables."""
    out = []
    if shell.dropped:
        message = (
            f"the calling shell, or a library that this process imported, sets {_joined(shell.dropped)}, which can "
            "change times; workers were started without. "
            f"To measure with a variable, name it in {WANTED_VARIABLE}: it is stored, and such sessions are kept apart "
            "from others."
        )
        out.append(Finding(kind="shell-dropped", message=message))
    names = [name for name in shell.settings if name not in _LIBRARY_PATHS]
    if names:
        message = (
            f"{_joined(names)} reached the workers, which may change times. What was set is stored, and this session "
            "is compared only with those that had the same; unset it for times that everybody gets."
        )
        out.append(Finding(kind="shell-passed", message=message))
    return out


def _is_needed(name: str) -> bool:
    return name in _NEEDED or name.startswith(_NEEDED_PREFIXES)


def _stored_value(name: str, value: str, private_names: Collection[str]) -> str:
    """A value as it is stored: unchanged where it cannot be a path or contain a private name, else its digest."""
    if name in _PRELOADS:
        return ":".join(map(_file_name, libraries(value)))
    if name == "CXX":
        return "+".join(_file_name(word) for word in value.split()) or "empty"
    if not value:
        return "empty"
    digest = f"sha256:{hashlib.sha256(value.encode('utf-8', 'surrogateescape')).hexdigest()}"
    if _SECRET.search(name):
        return digest[:_DIGEST_OF_A_SECRET]
    # Numbers and parts of words are not private names.
    words = re.split(r"[_.,:;=+-]", value)
    names = {private_name.lower() for private_name in private_names if not private_name.isdigit()}
    if _PLAIN.fullmatch(value) and max(map(len, words)) <= _LONGEST_WORD and not _contains(value, names):
        return value
    return digest[:_DIGEST]


def _contains(value: str, names: Collection[str]) -> bool:
    """Whether one of these names stands in a value, as words of its own."""
    return any(re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", value.lower()) for name in names)


def _file_name(path: str) -> str:
    """The last part of a path, with unusual characters replaced."""
    return re.sub(r"[^\w.+-]", "_", re.split(r"[\\/]", path.rstrip("\\/"))[-1])[:80] or "_"


def _joined(names: Collection[str]) -> str:
    first = list(names)
    return ", ".join(first[:8]) + (f" and {len(first) - 8} more" if len(first) > 8 else "")
