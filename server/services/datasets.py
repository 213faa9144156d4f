"""Use cases of datasets that are there: list them, look at one, train on it, delete it."""

from __future__ import annotations

from pathlib import Path

import structlog

from server.domain.errors import Conflict, NotFound, UnusableDataset
from server.services.catalogue import Catalogue, KnownDataset
from server.services.column_maps import ColumnMapService
from server.services.imports import JobsUsing
from server.services.reservations import Reservations, busy
from server.services.thumbnails import Thumbnail, large_picture, thumbnail
from server.store.dataset_folders import DatasetFolders

log = structlog.get_logger(__name__)

_LIST_SECONDS = 1.0
_LOOK_SECONDS = 10.0
_TRAIN_SECONDS = 300.0


class DatasetService:
    """The datasets of one server.

    Args:
        folders, catalogue, reservations: where they lie, what is known of them, who writes to them.
        jobs_using: says whether a dataset is being trained on.

    Attributes:
        column_maps: what the columns of their tables mean.
    """

    def __init__(
        self,
        folders: DatasetFolders,
        catalogue: Catalogue,
        reservations: Reservations,
        *,
        jobs_using: JobsUsing,
    ) -> None:
        self._folders = folders
        self._catalogue = catalogue
        self._reservations = reservations
        self._jobs_using = jobs_using
        self.column_maps = ColumnMapService(folders, catalogue, reservations, jobs_using=jobs_using)

    def start(self) -> None:
        """Put right what a crash left behind, and read folders that were placed here by hand."""
        self._folders.recover()
        self._catalogue.start()

    def stop(self) -> None:
        """Begin nothing more."""
        self._catalogue.stop()

    def by_name(self) -> dict[str, KnownDataset | None]:
        """Every dataset; None for one whose folder is still being read."""
        return self._catalogue.look(self._folders.names(), _LIST_SECONDS)

    def folder(self, name: str) -> Path:
        """Where the dataset lies.

        Raises:
            NotFound: the sentence lists what there is.
        """
        return self._folders.require(name)

    def get(self, name: str) -> KnownDataset | None:
        """One dataset, read again if its files were changed by hand; None while that lasts.

        Raises:
            NotFound: the sentence lists what there is.
        """
        return self._catalogue.examine(name, _LOOK_SECONDS)

    def require_trainable(self, name: str) -> Path:
        """The dataset's folder, if a training can start on it now.

        Raises:
            NotFound: the sentence lists what there is.
            UnusableDataset: it cannot be trained on; the sentence says why.
            Conflict: an upload to it is in progress, or it is still being read.
        """
        folder = self._folders.require(name)
        if self._reservations.is_held(name):
            raise Conflict(
                f"An upload to the dataset {name!r} is in progress; start the training when it is "
                "done.",
                dataset=name,
            )
        known = self._catalogue.examine(name, _TRAIN_SECONDS)
        if known is None:
            raise Conflict(
                f"The dataset {name!r} is still being read; start the training in a minute.",
                dataset=name,
            )
        if known.not_trainable_because is not None:
            raise UnusableDataset(
                f"The dataset {name!r} cannot be trained on: {known.not_trainable_because}",
                dataset=name,
            )
        return folder

    def thumbnail(self, name: str, image_id: str) -> Thumbnail:
        """A small picture of one image.

        Raises:
            NotFound: no such dataset or image.
            InvalidInput: the image can no longer be read.
        """
        return thumbnail(*self._image(name, image_id))

    def picture(self, name: str, image_id: str) -> Thumbnail:
        """One image, large enough to be looked at.

        Raises:
            NotFound, InvalidInput: as ``thumbnail``.
        """
        return large_picture(*self._image(name, image_id))

    def _image(self, name: str, image_id: str) -> tuple[Path, str]:
        folder = self._folders.require(name)
        path = self._catalogue.path_of_image(name, image_id)
        if path is None:
            shown = image_id if len(image_id) <= 80 else image_id[:80] + "…"
            raise NotFound(f"There is no image {shown!r} in the dataset {name!r}.", dataset=name)
        return folder, path

    def delete(self, name: str) -> None:
        """Remove the dataset and all its files.

        Raises:
            NotFound: the sentence lists what there is.
            Conflict: a queued or running job reads it, or an upload to it is in progress.
        """
        self._folders.require(name)
        if self._reservations.is_held(name):
            raise busy(name)
        with self._reservations.reserve(name):
            jobs = self._jobs_using(name)
            if jobs:
                raise Conflict(
                    f"The dataset {name!r} is used by the training job {jobs[0]}; wait until the "
                    "job is over or cancel it, then delete the dataset.",
                    dataset=name,
                    job=jobs[0],
                )
            self._folders.remove(name)
            self._catalogue.forget(name)
        log.info("a dataset was deleted", dataset=name)
