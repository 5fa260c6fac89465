"""Forms of a network, by name: how its modules are written, such as with BatchNorm folded.

One file for each form; third parties add theirs under the entry-point group `levit_bench.forms`. The outputs of every
form are compared with those of the network as shipped.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from levit_bench.measuring.extensions import ExtensionPoint

if TYPE_CHECKING:
    # The parent uses names only, and must not import torch.
    import torch
    from torch import nn

    from levit_bench.measuring.networks.recipe import Recipe
    from levit_bench.records import Case

SHIPPED = "shipped"
"""The form as the library builds it, which references and published counts refer to."""
ENTRY_POINTS = "levit_bench.forms"


class Form(Protocol):
    """Interface of a form's module or object."""

    def apply(self, network: nn.Module, example: torch.Tensor) -> nn.Module:
        """The network in this form; the one given may be changed, and need not be the one returned.

        The names and shapes of its parameters must not depend on their values: seats apply the form to a network
        with other weights, and then load those that were prepared.

        Args:
            network: in evaluation mode.
            example: one image (1, channels, height, width).
        """


def _module(name: str) -> Form:
    form: Form = importlib.import_module(f"{__name__}.{name}")
    return form


POINT: ExtensionPoint[Form] = ExtensionPoint(
    "form", ENTRY_POINTS, own=(SHIPPED, "inference"), load=_module, functions=("apply",)
)


def names() -> tuple[str, ...]:
    """Registered forms, the suite's own first."""
    return POINT.names()


def get(name: str) -> Form:
    """The form of that name.

    Raises:
        LookupError: there is none, or the package that offers it cannot be used.
    """
    return POINT.get(name)


def build(case: Case, recipe: Recipe | None = None, fill: Callable[[nn.Module], None] | None = None) -> nn.Module:
    """The network of a case in its form, with fresh weights, in evaluation mode.

    No pass is made on what is returned.

    Args:
        case: says which.
        recipe: what the preparation left; absent: the usual one.
        fill: loads weights of the network as shipped, before it is brought into its form.

    Raises:
        LookupError, ValueError, TypeError: it cannot be built in that form, with the reason.
    """
    from torch import nn

    from levit_bench.measuring import networks
    from levit_bench.measuring.evaluation_mode import renew, rest
    from levit_bench.measuring.networks.recipe import Recipe
    from levit_bench.measuring.pass_data.images import images

    network = networks.build(case.network, case.shape, recipe or Recipe())
    if fill is not None:
        fill(network)
        renew(network)
    example = images(1, case.shape, 0, 0)
    form = get(case.form)
    with POINT.using(case.form):
        formed: object = form.apply(network, example)
    if not isinstance(formed, nn.Module):
        raise POINT.failed(case.form, f"apply answers with {type(formed).__name__}, and not with a module of torch")
    rest(formed)
    return formed
