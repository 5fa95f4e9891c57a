"""config.yaml of a run: which survey, and every setting with its value."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from m3core.errors import ConfigError, RunError
from m3core.files import replaced_file
from m3core.workspace.run import Run
from training.config import FinetuneConfig, Settings, TrainConfig, validated

__all__ = ["FINETUNE", "RunConfig", "settings_from_file"]

FINETUNE = "finetune"
"""The command whose runs are classifiers."""


@dataclass(frozen=True)
class RunConfig:
    """What a run was asked for.

    Attributes:
        survey: where the survey lay when the run was started.
        survey_hash: its content, wherever it lies now.
        command: what made the run.
        origin: the checkpoint or run that its weights came from; empty where they were drawn from the seed.
    """

    survey: Path
    survey_hash: str
    settings: Settings
    command: str = "pretrain"
    origin: str = ""

    def write(self, run: Path) -> None:
        """Write config.yaml."""
        content = {
            "command": self.command,
            **({"origin": self.origin} if self.origin else {}),
            "survey": str(self.survey),
            "survey_hash": self.survey_hash,
            "settings": self.settings.model_dump(mode="json"),
        }
        with replaced_file(run / "config.yaml") as part:
            part.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")

    @classmethod
    def read(cls, run: Run) -> "RunConfig":
        """Read config.yaml.

        Raises:
            RunError: absent or malformed. ConfigError: a setting of it is not allowed.
        """
        content = run.config()
        missing = [key for key in ("survey", "survey_hash", "settings") if key not in content]
        if missing:
            raise RunError(f"{run.path / 'config.yaml'} lacks {missing[0]!r}: delete the run and start it again.")
        schema = FinetuneConfig if content.get("command") == FINETUNE else TrainConfig
        settings = validated(content["settings"], str(run.path / "config.yaml"), schema)
        told = {key: str(content[key]) for key in ("command", "origin") if key in content}
        return cls(Path(content["survey"]), content["survey_hash"], settings, **told)


def settings_from_file(path: Path) -> dict[str, Any]:
    """Settings of a YAML file: a plain mapping, or the config.yaml of a run.

    Raises:
        ConfigError: absent, or not a mapping.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, yaml.YAMLError) as fault:
        raise ConfigError(
            f"{path} cannot be read as YAML ({fault.__class__.__name__}): check its name and content."
        ) from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path} holds no settings: write lines such as 'epochs: 20'.")
    return content.get("settings", content)
