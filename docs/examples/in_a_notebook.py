"""Stored sessions in a notebook: a data frame, two versions of PyTorch side by side, a front, a pick.

Every `# %%` begins a cell, as Jupyter, VS Code and PyCharm read them; as a script it prints the same. Run it in a
checkout of this repository, or change `STORE`: nothing here measures.
"""

# %%
from __future__ import annotations

import levit_bench
import pandas as pd

STORE = "results"
pd.set_option("display.width", 150, "display.max_columns", 12)

# %% What is stored: a row a case, with its session's day, title, commit and versions.
cases = levit_bench.load(STORE, since="2026-11-26", until="2026-11-27").subjects().to_pandas()
sessions = cases.groupby("session").agg(
    taken_at=("taken_at", "first"), title=("title", "first"), torch=("torch", "first"),
    networks=("network", "nunique"), runtimes=("runtime", "nunique"), failed=("outcome", lambda o: (o != "done").sum()),
)  # fmt: skip
print(sessions.tail(10))

# %% One network in every runtime of a session: milliseconds a pass, images a second, times the yardstick's pass.
one = levit_bench.load(STORE, "20261126T185021").where(network="levit_192", batch=[1, 16], allocator="pinned")
figures = one.to_pandas().assign(ms=lambda f: 1e3 * f.latency_s)
print(figures.pivot_table(index="runtime", columns="batch", values=["ms", "images_per_s", "yardstick_ratio"]).round(2))

# %% How wide its intervals are: the half width in percent.
width = (figures.latency_high_s / figures.latency_low_s) ** 0.5 - 1
print((100 * width).groupby(figures.runtime).max().round(1))

# %% Two versions, machines or commits side by side: ratios to the yardstick, which a session's drift leaves alone.
alike = cases.query("runtime == 'eager' and batch == 1 and precision == 'fp32' and latency_s.notna()")
by_version = alike.pivot_table(index="network", columns=["device", "torch"], values="yardstick_ratio").dropna()
print(by_version.round(2))

# %% The front of one setting, with the chance that each network is on it.
page = levit_bench.load(STORE, "20261126T191425").where(runtime="openvino", allocator="pinned").front()
print(page.to_pandas()[["label", "top1_percent", "latency_s", "front_chance"]].round(4))

# %% Which network and runtime takes at most 30 ms, at 78 % or more, and what keeps the others from it?
picked = levit_bench.load(STORE, "20261126T191425").where(allocator="pinned").pick(max_latency="30ms", min_top1=78)
if picked.answer is not None:
    print(picked.answer.label, picked.answer.case.runtime, f"at most {1e3 * picked.answer.latency.high:.1f} ms")
print(pd.DataFrame([(rival.point.label, rival.point.case.runtime, str(rival.standing)) for rival in picked.rivals]))

# %% The same of slow passes: 90 of 100 take at most 100 ms. Where passes are missing, it says how many.
slow = levit_bench.load(STORE, "20261124T074210").pick(max_latency="100ms", percentile="p90")
print(slow, [rival.missing for rival in slow.rivals if rival.missing])
