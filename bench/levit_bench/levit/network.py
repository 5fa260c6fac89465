"""LeViT as a PyTorch module: convolutions to tokens, then attention and MLPs over an ever smaller grid of them.

Its parts are in `layers.py`, its form for inference in `inference.py`, published weights in `loading.py`.

    images (batch, 3, 224, 224)
      stem       four 3×3 convolutions of stride 2                    tokens (batch, 14·14, C₁)
      stage 1    X₁ × { + attention, + MLP }
      stage 2    shrinking attention, + MLP, X₂ × { … }                     (batch, 7·7, C₂)
      stage 3    shrinking attention, + MLP, X₃ × { … }                     (batch, 4·4, C₃)
      mean over tokens, one or two linear classifiers                 logits (batch, classes)

BatchNorm stands behind every convolution and linear layer, so that inference can fold it away; the last one of a
residual branch starts with gain zero, so that every block starts as the identity. Position enters through a learned
bias of every attention alone.

Source: Graham et al., ICCV 2021, arXiv:2104.01136v2, section 4 and appendix A.2; written from the description.
"""

from __future__ import annotations

import torch
from torch import nn

from levit_bench.levit.inference import InferenceLeViT
from levit_bench.levit.layers import Classifier, PositionEmbedding, Stage, Stem, refuse_other_sizes
from levit_bench.levit.sizes import Grid, Size, grids

Logits = torch.Tensor | tuple[torch.Tensor, torch.Tensor]


class LeViT(nn.Module):
    """A LeViT for images of one height and width.

    The grids of tokens follow from the image: 14×14, 7×7 and 4×4 for 224×224 pixels, and others for other sizes, square
    or not. All published weights and accuracies are for 224×224; how accurate they are with resized tables
    (`resizing.py`) at another size is neither published nor measured here.

    Args:
        size: which LeViT.
        image_size: (height, width) in pixels.
        classes: logits per image.
        in_channels: channels of the images.
        drop_path: probability that training drops a residual branch; the size's own when absent.

    Raises:
        ValueError: the image is too small, or `drop_path` is not a probability.
    """

    def __init__(
        self,
        size: Size,
        *,
        image_size: Grid = (224, 224),
        classes: int = 1000,
        in_channels: int = 3,
        drop_path: float | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.image_size = image_size
        self.classes = classes
        self.in_channels = in_channels
        self.drop_path = size.drop_path if drop_path is None else drop_path
        if not 0 <= self.drop_path < 1:
            raise ValueError(f"drop_path is a probability below 1, not {self.drop_path}")
        token_grids = grids(size, image_size)
        self.stem = Stem(size, in_channels)
        self.position = (
            PositionEmbedding(token_grids[0], size.stages[0].width) if size.position == "embedding" else None
        )
        self.stages = nn.ModuleList(
            Stage(size, number, token_grids, self.drop_path) for number in range(len(size.stages))
        )
        features = size.stages[-1].width
        self.head = Classifier(size, features, classes)
        self.distilled_head = Classifier(size, features, classes) if size.classifiers == 2 else None

    def forward(self, images: torch.Tensor) -> Logits:
        """Images (batch, channels, height, width) to logits (batch, classes).

        With two heads, training returns the logits of both, labels' head first, and evaluation their mean, as
        in DeiT.

        Raises:
            ValueError: images of another height or width than the network was made for.
        """
        refuse_other_sizes(images, self.image_size)
        tokens = self.stem(images)
        if self.position is not None:
            tokens = self.position(tokens)
        for stage in self.stages:
            tokens = stage(tokens)
        features = tokens.mean(1)
        logits = self.head(features)
        if self.distilled_head is None:
            return logits
        distilled = self.distilled_head(features)
        return (logits, distilled) if self.training else (logits + distilled) / 2

    def for_inference(self) -> InferenceLeViT:
        """A frozen copy that computes the same in fewer steps, for inference alone; see `inference.py`.

        Later changes of this network do not affect it.

        Raises:
            ValueError: the network, or a part of it, is in training mode.
        """
        if any(part.training for part in self.modules()):
            raise ValueError(
                "the inference form holds what a LeViT computes in evaluation mode, and this one, or a part of it, is "
                "in training mode: call network.eval() first"
            )
        heads = [head for head in (self.head, self.distilled_head) if head is not None]
        return InferenceLeViT(self.stem, self.position, self.stages, heads, self.image_size)

    def no_weight_decay(self) -> set[str]:
        """Names of the parameters that the authors train without weight decay: the tables of positions."""
        return {name for name, _ in self.named_parameters() if name.endswith((".bias.table", "position.table"))}
