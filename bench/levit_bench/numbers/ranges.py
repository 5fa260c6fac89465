"""Types of the values of a results file, each with the range, pattern or length that a value must have.

`records.py` gives every number and every text of the format one of these types; reading a file checks them, and
docs/format.md lists them. The limits are wide: no measurement gives a value beyond them.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Name = Annotated[str, Meta(max_length=1_000)]
"""A name, a version, a setting or the model of a device."""
Words = Annotated[str, Meta(max_length=20_000)]
"""Sentences: a title, a reason, the message of a finding."""
SessionName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")]
"""Letters, digits, `.`, `_` and `-`, at most 100, the first a letter or a digit."""
CaseId = Annotated[str, Meta(min_length=1, max_length=64)]
"""`Case.id` of a case of the file; a `case` line with another id than its case's is not read."""
UtcTime = Annotated[str, Meta(pattern=r"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z\Z")]
"""UTC time such as `2026-01-02T03:04:05Z`."""
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""SHA-256 in hexadecimal digits."""

PassSeconds = Annotated[float, Meta(ge=1e-9, le=1e6)]
"""Seconds of one pass: from a tick of the clock to eleven days."""
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
"""Seconds of anything that takes time; 1e9 are thirty years."""
BootSeconds = Annotated[float, Meta(ge=0, le=1e13)]
"""Seconds since boot, summed over all processors."""
Difference = Annotated[float, Meta(ge=-1e9, le=1e9)]
"""Seconds by which two accounts of the system differ; a little below zero where they do not agree."""

Number = Annotated[int, Meta(ge=0, le=1_000_000)]
"""Number of a run, a round, a place, a seat or a processor, from 0."""
Few = Annotated[int, Meta(ge=1, le=1_000_000)]
"""How many: passes, runs or rounds, at least one."""
Pixels = Annotated[int, Meta(ge=1, le=65_536)]
"""Pixels of one side of an image."""
Channels = Annotated[int, Meta(ge=1, le=4_096)]
"""Channels of an image."""
Batch = Annotated[int, Meta(ge=1, le=1_048_576)]
"""Images in one pass."""
Threads = Annotated[int, Meta(ge=1, le=65_536)]
"""Threads, streams or processors."""
Images = Annotated[int, Meta(ge=1, le=10_000_000_000)]
"""Images of a set."""
Count = Annotated[int, Meta(ge=0, le=1_000_000_000_000_000)]
"""Parameters, multiply-accumulates of one image, or page faults."""
Bytes = Annotated[int, Meta(ge=0, le=1 << 60)]
"""Bytes, at most an exbibyte."""
Seed = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
"""Seed of random numbers."""
FormatNumber = Annotated[int, Meta(ge=1, le=10_000)]
"""Number of a format."""

Percent = Annotated[float, Meta(ge=0, le=100)]
"""Percent."""
Share = Annotated[float, Meta(ge=0, le=1)]
"""A share of the whole, or a probability."""
LogUnits = Annotated[float, Meta(gt=0, le=100)]
"""A half-width in log units."""
Deviation = Annotated[float, Meta(ge=0, le=1e9)]
"""A standard deviation, in the unit of what deviates."""
Rate = Annotated[float, Meta(ge=0, le=1e18)]
"""Multiply-accumulates a second."""
Hertz = Annotated[float, Meta(ge=0, le=1e12)]
"""A clock in hertz."""
Celsius = Annotated[float, Meta(ge=-300, le=1e6)]
"""A temperature as a sensor tells it; broken ones tell anything."""
Load = Annotated[float, Meta(ge=0, le=1e6)]
"""A load average."""
Watts = Annotated[float, Meta(ge=0, le=1e6)]
"""Power in watts."""
Joules = Annotated[float, Meta(ge=0, le=1e18)]
"""Energy in joules."""

Passes = Annotated[tuple[PassSeconds, ...], Meta(min_length=1, max_length=1_000_000)]
"""The passes of a turn, at least one."""
Settling = Annotated[tuple[PassSeconds, ...], Meta(max_length=1_000_000)]
"""The settle passes of a turn, if there are any."""
DeviceTimes = Annotated[tuple[Seconds, ...], Meta(max_length=1_000_000)]
"""A time of the device's own clock for each pass, or none."""
Quota = Annotated[float, Meta(gt=0, le=1e6)]
"""Processors' worth of time."""
Settings = Annotated[dict[Name, Name], Meta(max_length=1_000)]
"""Settings by their names."""
Versions = Annotated[dict[Name, Name], Meta(max_length=1_000)]
"""Versions by what they are of."""
