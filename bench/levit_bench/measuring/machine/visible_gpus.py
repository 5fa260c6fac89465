"""Which GPUs CUDA shows to a process, and in which order: the rules of CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER.

Pure functions on what the driver says of its cards. Sources: CUDA C++ Programming Guide, `CUDA Environment Variables`;
how torch reads the same variable in `torch.cuda._parse_visible_devices`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_LEADING_NUMBER = re.compile(r"[+-]?[0-9]+")


class Card(NamedTuple):
    """A GPU, or a part of one (MIG), as the driver lists it."""

    place: int
    """Its place in the driver's list, which is by PCI bus."""
    uuid: str | None
    """Such as `GPU-8932f937-d72c-4106-c12f-20bd9faed9f6`, or `MIG-…` of a part."""
    speed: float | None = None
    """Cores times their highest clock: CUDA lists the fastest first, unless it is set to order by PCI bus."""
    slices: tuple[Card, ...] = ()
    """Its parts, where it is divided."""


def visible(cards: Sequence[Card], setting: str | None, order: str | None) -> list[Card]:
    """The cards that a process sees, in the order in which it numbers them.

    Numbers are places in CUDA's order; UUIDs may be shortened as long as one card fits. The first that fits none hides
    all after it, a repeated one hides all, and an empty value hides all.

    Args:
        cards: all of the machine, by PCI bus.
        setting: value of CUDA_VISIBLE_DEVICES; None where it is not set.
        order: value of CUDA_DEVICE_ORDER.
    """
    ordered = _ordered(cards, order)
    if setting is None:
        return [_as_visible(card) for card in ordered]
    out: list[Card] = []
    for word in setting.split(","):
        next_card = _card_of(word.strip(), ordered)
        if next_card is None:
            break
        if next_card in out:
            return []
        out.append(next_card)
    return out


def hides_all(setting: str | None) -> bool:
    """Whether a value of CUDA_VISIBLE_DEVICES leaves no card visible, whatever cards there are."""
    if setting is None:
        return False
    first = setting.split(",")[0].strip()
    number = _LEADING_NUMBER.match(first)
    return not first.startswith(("GPU-", "MIG-")) and (number is None or number[0].startswith("-"))


def _ordered(cards: Sequence[Card], order: str | None) -> list[Card]:
    """CUDA's order: by PCI bus when that is set, else the fastest first and all others by PCI bus.

    Where the driver does not report the speed of one of them, by PCI bus.
    """
    by_bus = sorted(cards, key=lambda card: card.place)
    speeds = [card.speed for card in by_bus if card.speed is not None]
    if order == "PCI_BUS_ID" or len(speeds) < len(by_bus) or not by_bus:
        return by_bus
    first = max(by_bus, key=lambda card: (card.speed or 0.0, -card.place))
    return [first, *(card for card in by_bus if card is not first)]


def _card_of(word: str, cards: Sequence[Card]) -> Card | None:
    """The one card that a word means, if there is one."""
    if word.startswith("GPU-"):
        return _only([card for card in cards if (card.uuid or "").startswith(word)])
    if word.startswith("MIG-GPU-"):  # Older drivers: the card, then the numbers of the part.
        word = word.removeprefix("MIG-").partition("/")[0]
        return _only([part for card in cards if (card.uuid or "").startswith(word) for part in card.slices[:1]])
    if word.startswith("MIG-"):
        return _only([part for card in cards for part in card.slices if (part.uuid or "").startswith(word)])
    number = _LEADING_NUMBER.match(word)
    place = int(number[0][:9]) if number else -1
    return _as_visible(cards[place]) if 0 <= place < len(cards) else None


def _as_visible(card: Card) -> Card:
    """The device that a process sees of a card: of a divided one (MIG), its first part."""
    return card.slices[0] if card.slices else card


def _only(cards: Sequence[Card]) -> Card | None:
    return cards[0] if len(cards) == 1 else None
