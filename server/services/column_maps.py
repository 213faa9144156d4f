"""Use cases of the columns of a dataset's tables: look at them, say what they mean, take it back.

What is said is written into the dataset's folder (``intake.column_map``). That changes the folder,
so the catalogue reads it again, as after any other change; the images are not sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from server.domain.errors import Conflict, InvalidInput, NotFound
from server.intake.column_map import ROLES, Chosen, parse, written
from server.intake.file_kinds import COLUMN_MAP_NAME
from server.intake.table_seen import TableSeen
from server.services.catalogue import Catalogue
from server.services.imports import JobsUsing
from server.services.reservations import Reservations
from server.store.dataset_folders import DatasetFolders
from server.store.files import write_json_atomically
from server.store.trees import full_disk_is_said

_LOOK_SECONDS = 10.0
Change = Callable[[dict[str, Chosen]], dict[str, Chosen]]


class ColumnMapService:
    """The choices of columns of one server's datasets.

    Args:
        folders, catalogue, reservations: the datasets.
        jobs_using: says whether a dataset is being trained on.
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

    def tables(self, name: str) -> tuple[TableSeen, ...]:
        """Every table of the dataset with its columns, samples of them, and what they mean so far.

        Raises:
            NotFound: the sentence lists what datasets there are.
        """
        self._catalogue.examine(name, _LOOK_SECONDS)
        manifest = self._catalogue.manifest(name)
        return manifest.tables if manifest is not None else ()

    def choose(self, name: str, table: str, chosen: Chosen) -> None:
        """Keep what the columns of a table mean.

        Raises:
            NotFound: no such dataset or table.
            InvalidInput: a column is not there or has two meanings, or no column names the images.
            Conflict: an upload to the dataset is in progress, or a job reads it.
        """
        seen = self._require_table(name, table)
        _check(seen, chosen)
        self._keep(name, lambda there: {**there, table: chosen})

    def take_back(self, name: str, table: str) -> None:
        """Read the columns of a table by their names again.

        Raises:
            NotFound, Conflict: as ``choose``.
        """
        self._require_table(name, table)
        self._keep(name, lambda there: {k: v for k, v in there.items() if k != table})

    def _require_table(self, name: str, table: str) -> TableSeen:
        found = {seen.path: seen for seen in self.tables(name)}
        if table not in found:
            known = ", ".join(sorted(found)[:10]) or "none"
            raise NotFound(
                f"There is no table {table[:80]!r} in the dataset {name!r}; there is: {known}.",
                dataset=name,
            )
        return found[table]

    def _keep(self, name: str, change: Change) -> None:
        with self._reservations.reserve(name):
            jobs = self._jobs_using(name)
            if jobs:
                raise Conflict(
                    f"The dataset {name!r} is used by the training job {jobs[0]}, so its columns "
                    "cannot change now; wait until the job is over or cancel it.",
                    dataset=name,
                    job=jobs[0],
                )
            file = self._folders.require(name) / COLUMN_MAP_NAME
            tables = change(_there(file))
            with full_disk_is_said("keeping the choice of columns"):
                if tables:
                    write_json_atomically(file, written(tables))
                else:
                    file.unlink(missing_ok=True)


def _there(file: Path) -> dict[str, Chosen]:
    try:
        return parse(file)
    except (OSError, ValueError):  # not there, or of no use: the new choice takes its place
        return {}


def _check(seen: TableSeen, chosen: Chosen) -> None:
    names = {column.name for column in seen.columns}
    for role, name in chosen.items():
        if name not in names:
            raise InvalidInput(
                f"The table {seen.path!r} has no column {name[:80]!r} (chosen as {_word(role)}); "
                f"it has {', '.join(sorted(names)[:12])}.",
                field=role,
            )
    if "image" not in chosen:
        raise InvalidInput(
            "Choose the column that names the images: their file names, ids or paths.",
            field="image",
        )
    if len(chosen) == 1:
        raise InvalidInput(
            "Choose at least one more column, such as the label: image names alone say nothing.",
            field="label",
        )
    for role, name in chosen.items():
        twice = next((r for r in ROLES if r != role and chosen.get(r) == name), None)
        if twice is not None:
            raise InvalidInput(
                f"The column {name!r} cannot be both {_word(role)} and {_word(twice)}; choose one.",
                field=role,
            )


def _word(role: str) -> str:
    return role.replace("_", " ")
