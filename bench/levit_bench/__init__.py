"""Benchmarks the speed of image classifiers on this machine beside their accuracy, with confidence intervals.

    >>> import levit_bench
    >>> results = levit_bench.load("results")
    >>> {"network", "latency_s", "latency_low_s", "latency_high_s", "top1"} <= set(results.to_pandas().columns)
    True

The public names are `measure`, `load`, `networks`, `import_timm`, `Results` and `BenchError`; they are loaded when
first used.
"""

from typing import TYPE_CHECKING, Any

from levit_bench import version

if TYPE_CHECKING:
    from levit_bench.api import BenchError, Results, import_timm, load, measure, networks

__version__ = version.VERSION
__all__ = ["BenchError", "Results", "__version__", "import_timm", "load", "measure", "networks"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 (any of the public names)
    if name in __all__:
        try:
            from levit_bench import api
        except Exception as error:
            from levit_bench.libraries import refusal

            if (unsuitable := refusal(error)) is None:
                raise
            raise unsuitable from error
        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
