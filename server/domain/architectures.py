"""The four backbones of the document, as facts that need neither keras nor torch.

Sizes and parameter counts are those of ``keras.applications`` (3.15); the ``weights_file`` is the
name that Keras gives its own ImageNet download without the top, ``weights_url`` where it lies.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.domain.errors import InvalidInput

_KERAS = "https://storage.googleapis.com/keras-applications/"
_TENSORFLOW = "https://storage.googleapis.com/tensorflow/keras-applications/"


@dataclass(frozen=True, slots=True)
class Architecture:
    """One backbone.

    Attributes:
        name: as the document and ``keras.applications`` spell it.
        native_size: side of the square input (pixels) it was designed for.
        features: width of the pooled feature vector.
        parameters_millions: without the top.
        summary: one line for the form.
        weights_file: file name of Keras's ImageNet weights without top.
        weights_url: where Keras downloads them from.
    """

    name: str
    native_size: int
    features: int
    parameters_millions: float
    summary: str
    weights_file: str
    weights_url: str


_ALL = (
    Architecture(
        name="DenseNet169",
        native_size=224,
        features=1664,
        parameters_millions=12.6,
        summary="Dense connections, optimal for medical imaging (recommended)",
        weights_file="densenet169_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_url=_TENSORFLOW
        + "densenet/densenet169_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    Architecture(
        name="ResNet50",
        native_size=224,
        features=2048,
        parameters_millions=23.6,
        summary="Residual connections, balanced performance",
        weights_file="resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_url=_TENSORFLOW + "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    Architecture(
        name="MobileNetV2",
        native_size=224,
        features=1280,
        parameters_millions=2.3,
        summary="Lightweight, edge deployment ready",
        weights_file="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        weights_url=_TENSORFLOW
        + "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
    ),
    Architecture(
        name="EfficientNetB3",
        native_size=300,
        features=1536,
        parameters_millions=10.8,
        summary="Scaling optimized, high efficiency",
        weights_file="efficientnetb3_notop.h5",
        weights_url=_KERAS + "efficientnetb3_notop.h5",
    ),
)

ARCHITECTURES: dict[str, Architecture] = {each.name: each for each in _ALL}


def architecture(name: str) -> Architecture:
    """The backbone of that name, in any letter case.

    Raises:
        InvalidInput: for an unknown name; the sentence lists the known ones.
    """
    for each in _ALL:
        if each.name.lower() == name.strip().lower():
            return each
    raise InvalidInput(
        f"The architecture {name!r} is not known; choose one of {', '.join(ARCHITECTURES)}.",
        field="architecture",
    )
