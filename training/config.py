"""The one schema behind YAML files, `--set key=value` and the form in the sidebar."""

from collections.abc import Sequence
from typing import Any, Literal, TypeVar, overload

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from m3core.errors import ConfigError

__all__ = [
    "FROM_RUN",
    "MAIN_FIELDS",
    "READ_OUT",
    "SCRATCH",
    "FinetuneConfig",
    "Settings",
    "TrainConfig",
    "parse_assignments",
    "validated",
]

MAIN_FIELDS = ("epochs", "batch_size", "learning_rate", "seed", "patience")
"""What a form shows first; every preset has them under these flat names."""


SCRATCH = "scratch"
"""What `--from` says where no run is to start from."""

FROM_RUN = ("family", "embedding_dim", "options")
"""Settings of a classifier that its pre-trained run decides."""

READ_OUT = ("pseudo_labels", "tree_share")
"""Settings of a classifier that read what a pre-trained run's encoders give; from scratch there is nothing to read."""


class Settings(BaseModel):
    """What every training can choose, with its unit and its bounds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: Literal["fast", "paper"] = Field("fast", description="where the defaults and the encoder family came from")
    epochs: int = Field(40, ge=1, le=10_000, description="passes over the training split")
    batch_size: int = Field(256, ge=2, le=65_536, description="sources in a step; more sources are more to tell apart")
    micro_batch: int = Field(256, ge=1, description="sources in memory at once; changes memory and time, not the loss")
    learning_rate: float = Field(
        1e-3, gt=0, le=1, description="largest step size of the optimizer, reached after warm-up"
    )
    seed: int = Field(42, ge=0, lt=2**31, description="of the weights, the order of sources and the augmentation")
    patience: int = Field(10, ge=0, description="epochs without improvement before an early stop; 0: no early stop")
    max_minutes: float = Field(
        0.0, ge=0, description="training ends after so many minutes with its best epoch so far; 0: no limit"
    )
    family: Literal["fast", "paper"] = Field("fast", description="encoders: ours, or the published architecture")
    embedding_dim: int = Field(256, ge=2, le=8192, description="dimensions of the shared space")
    optimizer: Literal["adamw", "adam"] = Field("adamw", description="Adam with decoupled weight decay, or plain")
    beta1: float = Field(0.9, ge=0, lt=1, description="Adam's decay of the mean gradient")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's decay of the mean squared gradient")
    weight_decay: float = Field(0.05, ge=0, le=10, description="pull of the weights towards zero")
    warmup_epochs: float = Field(2.0, ge=0, description="epochs over which the learning rate rises linearly")
    schedule: Literal["cosine", "plateau", "constant"] = Field("cosine", description="learning rate after warm-up")
    plateau_factor: float = Field(0.1, gt=0, lt=1, description="plateau: the rate is multiplied by this")
    plateau_patience: int = Field(3, ge=0, description="plateau: after this many epochs without improvement")
    gradient_clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    augment: bool = Field(True, description="draw epochs, noise and the zero of phase anew each time (training split)")
    modality_dropout: float = Field(
        0.0, ge=0, lt=1, description="chance that training withholds a modality of a source, never all that it needs"
    )
    average_decay: float = Field(
        0.0, ge=0, lt=1, description="judge and keep a running mean of the weights with this decay a step; 0: none"
    )
    options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="encoder options by kind, such as {photometry: {seq_len: 100}}"
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: a GPU where torch sees one")

    def to_yaml(self, exclude: Sequence[str] = ()) -> str:
        """config.yaml, without some settings."""
        return yaml.safe_dump(self.model_dump(mode="json", exclude=set(exclude)), sort_keys=False, allow_unicode=True)


class TrainConfig(Settings):
    """Everything that can be chosen about a pre-training."""

    modalities: tuple[str, ...] = Field(
        (), description="modalities to train, two or more; none named: all of the survey"
    )
    monitor: Literal["validation_loss", "recall@10"] = Field(
        "validation_loss", description="judges epochs for the best checkpoint, early stopping and the plateau schedule"
    )
    initial_logit_scale: float = Field(
        14.3, ge=1, le=100, description="1 / temperature of the pair losses at the start"
    )
    maps: bool = Field(True, description="fit the maps when training ends; `embed` can fit them later")
    lists: bool = Field(True, description="list outliers and suspects when training ends; their pages can do it later")
    map_neighbors: int = Field(22, ge=2, le=500, description="UMAP: neighbours of a source, larger shows the whole")
    map_min_dist: float = Field(0.1, ge=0, le=0.99, description="UMAP: how close points may lie")


class FinetuneConfig(Settings):
    """Everything that can be chosen about the training of a classifier.

    `family`, `embedding_dim` and `options` are those of the pre-trained run where there is one.
    """

    modality: str = Field("all", description="the modality that the classifier reads, or all")
    fusion: Literal["avg", "concat"] = Field(
        "concat", description="all modalities: the mean of their embeddings (avg), or one behind the other"
    )
    labels: float = Field(1.0, gt=0, le=1, description="share of the training split's labels that it may see")
    cap: bool = Field(False, description="take that share from the commonest classes, as the paper does")
    monitor: Literal["validation_loss", "accuracy", "balanced_accuracy"] = Field(
        "validation_loss", description="judges epochs for the best checkpoint, early stopping and the plateau schedule"
    )
    encoder_rate: float = Field(
        1.0, ge=0, le=1, description="learning rate of encoders and projections, as a fraction of the last layer's"
    )
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of a label spread evenly over all classes")
    pseudo_labels: float = Field(
        0.0, ge=0, le=1,
        description="from a pre-trained run: train on sources without a label too, by what classifiers on the frozen "
        "features say of them, and let these have this share in a label's own target; 0: labels alone",
    )  # fmt: skip
    taught_by: Literal["all", "own"] = Field(
        "all",
        description="modalities that the pseudo-labels rest on: all that the pre-trained run and the survey have, or "
        "the classifier's own; it classifies by its own alone either way",
    )  # fmt: skip
    tree_share: float = Field(
        0.0, ge=0, le=1,
        description="from a pre-trained run: boosted trees on the frozen features have a share in the answer beside "
        "the network, up to this; the validation split decides; 0: the network alone",
    )  # fmt: skip
    class_balance: float = Field(
        0.0, ge=0, le=1, description="weight of a class in the loss: its size to the power of minus this; 1: all alike"
    )


Schema = TypeVar("Schema", bound=Settings)


@overload
def validated(content: dict[str, Any], place: str) -> TrainConfig: ...
@overload
def validated(content: dict[str, Any], place: str, schema: type[Schema]) -> Schema: ...
def validated(content: dict[str, Any], place: str, schema: type[Settings] = TrainConfig) -> Settings:
    """Check settings from a file, the command line or a form.

    Raises:
        ConfigError: one sentence with the setting, what is wrong, and what is allowed.
    """
    unknown = sorted(content.keys() - schema.model_fields.keys())
    if unknown:
        raise ConfigError(f"{place}: unknown setting {unknown[0]!r}; known are {', '.join(schema.model_fields)}.")
    try:
        return schema.model_validate(content)
    except ValidationError as fault:
        first = fault.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{place}: {name} = {first['input']!r}: {first['msg']}.") from None


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """`key=value` texts, values as YAML; a dotted key sets an encoder option ('photometry.seq_len=100').

    Raises:
        ConfigError: a text without '=' or with a value that is not YAML.
    """
    content: dict[str, Any] = {}
    for text in assignments:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set {text!r}: write it as key=value, such as --set epochs=20.")
        try:
            parsed = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ConfigError(f"--set {text!r}: {value!r} is not a number, a word or a list.") from None
        kind, dot, option = key.strip().removeprefix("options.").partition(".")
        if dot:
            content.setdefault("options", {}).setdefault(kind, {})[option] = parsed
        elif key.strip() == "modalities" and isinstance(parsed, str):
            content["modalities"] = [name.strip() for name in parsed.split(",")]
        else:
            content[key.strip()] = parsed
    return content
