"""Every knob of the server, read once from the environment (``DERMASCAN_…``) and then frozen.

Only the composition root reads it; everything below is handed plain values.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server.domain.errors import InvalidInput

PREFIX = "DERMASCAN_"
SERVER_FOLDER = Path(__file__).resolve().parent
REPOSITORY = SERVER_FOLDER.parent

_MIB = 1024**2
_GIB = 1024**3


def _comma_separated(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
    return value


def _slots(value: object) -> object:
    """``cpu=1, cuda:0=2`` as names and numbers; what is not of that form is left for pydantic."""
    if isinstance(value, str):
        named = [part.partition("=") for part in value.split(",") if part.strip()]
        return {device.strip(): number.strip() for device, _, number in named}
    return value


def _absolute(value: object) -> object:
    if value == "":
        return None
    return Path(value).expanduser().absolute() if isinstance(value, (str, Path)) else value


Folder = Annotated[Path, BeforeValidator(_absolute)]
FolderOrNone = Annotated[Path | None, BeforeValidator(_absolute)]
Slots = Annotated[
    dict[Annotated[str, Field(pattern=r"^(cpu|cuda:[\w-]+)$")], Annotated[int, Field(ge=0, le=64)]],
    NoDecode,
    BeforeValidator(_slots),
]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)]


class Settings(BaseSettings):
    """The settings of one server. Sizes are in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    home: Folder = Field(SERVER_FOLDER, description="Where data/ models/ logs/ jobs/ lie.")
    database_url: str = Field("", description="Empty = SQLite in home/dermascan.db.")
    weights_dir: FolderOrNone = Field(None, description="Where ImageNet weight files lie.")
    page_dir: Folder = Field(REPOSITORY / "dist", description="The built page.")
    training_program: Folder = Field(
        SERVER_FOLDER / "training" / "train.py",
        description="The program that trains; it speaks the contract of domain/events.py.",
    )

    max_running_jobs: int = Field(1, ge=1, le=64, description="At once, on each device.")
    jobs_per_device: Slots = Field(
        default_factory=dict,
        description="Other numbers for single devices, such as cpu=1, cuda:0=2. Where there are "
        "GPUs, the processor takes jobs only if it is named here.",
    )
    lease_seconds: float = Field(
        30.0, gt=0, le=3600, description="After so long without a heartbeat a job is taken over."
    )
    keep_checkpoints_seconds: float = Field(
        7 * 24 * 3600,
        ge=0,
        description="So long a failed or cancelled job can be resumed from its checkpoint.",
    )
    heartbeat_seconds: float = Field(1.0, gt=0, le=5, description="A training run waits for eight.")
    cancel_grace_seconds: float = Field(5.0, ge=0, le=60, description="From asking to killing.")

    max_file_bytes: int = Field(8 * _GIB, ge=1, description="One uploaded or unpacked file.")
    max_upload_bytes: int = Field(32 * _GIB, ge=1, description="One upload, unpacked.")
    max_upload_files: int = Field(500_000, ge=1, description="Files of one upload, unpacked.")
    keep_uploads_seconds: float = Field(
        7 * 24 * 3600, gt=0, description="An unfinished upload waits so long for its next byte."
    )
    max_unfinished_uploads: int = Field(20, ge=1, description="Of one person.")
    max_unfinished_bytes: int = Field(
        64 * _GIB, ge=1, description="Of one person together; at least one upload always fits."
    )
    max_running_imports: int = Field(1, ge=1, le=16)
    import_seconds: float = Field(
        4 * 3600, gt=0, description="Unpacking and checking one upload may take so long."
    )
    import_memory_bytes: int = Field(
        2 * _GIB, ge=256 * _MIB, description="Of the process that unpacks and checks an upload."
    )
    max_image_bytes: int = Field(32 * _MIB, ge=1, description="One image sent for a prediction.")

    dev_origins: Names = Field(
        ("http://localhost:5173", "http://127.0.0.1:5173"),
        description="Pages of other origins that may call the API, separated by commas.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def data_dir(self) -> Path:
        return self.home / "data"

    @property
    def models_dir(self) -> Path:
        return self.home / "models"

    @property
    def logs_dir(self) -> Path:
        return self.home / "logs"

    @property
    def jobs_dir(self) -> Path:
        return self.home / "jobs"

    @property
    def store_url(self) -> str:
        """The database as SQLAlchemy wants it named."""
        return self.database_url or f"sqlite:///{(self.home / 'dermascan.db').as_posix()}"

    def make_folders(self) -> None:
        """Make the four folders of run-time state.

        Raises:
            InvalidInput: when the home folder cannot be written to.
        """
        for folder in (self.data_dir, self.models_dir, self.logs_dir / "jobs", self.jobs_dir):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InvalidInput(
                    f"{PREFIX}HOME is {str(self.home)!r}, but the folder {folder.name!r} cannot be "
                    f"made there ({error.strerror}); choose a folder that can be written to.",
                    field="home",
                ) from error


def read_settings() -> Settings:
    """The settings of the environment.

    Raises:
        InvalidInput: one sentence that names the variable, what was expected and what was found.
    """
    _refuse_unknown_names()
    try:
        return Settings()  # every default is given above; the environment fills the rest
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"][:1]).upper()
        raise InvalidInput(
            f"The setting {name} is wrong: {first['msg'].lower()}, not {first['input']!r}.",
            field=name,
        ) from error


def _refuse_unknown_names() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        is_ours = name.upper().startswith(PREFIX) and not name.upper().startswith(PREFIX + "TEST_")
        if is_ours and name.upper() not in known:
            raise InvalidInput(
                f"There is no setting {name}; known are {', '.join(sorted(known))}.", field=name
            )
