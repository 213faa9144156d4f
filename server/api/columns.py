"""The columns of a dataset's tables: look at them, say what they mean, take it back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from server.api.dataset_shapes import summary, unread
from server.api.deps import Services, ServicesDep
from server.api.door import ResearcherDep
from server.api.schemas.columns import (
    ColumnChoice,
    ColumnRoles,
    DatasetTable,
    DatasetTables,
    TableColumn,
)
from server.api.schemas.datasets import DatasetSummary
from server.intake.table_seen import TableSeen

router = APIRouter(tags=["datasets"])


@router.get("/api/datasets/{name}/tables")
def list_tables(name: str, services: ServicesDep, _: ResearcherDep) -> DatasetTables:
    """Every table of a dataset: its columns, three values of each, and what they mean so far."""
    return DatasetTables(
        tables=[_shape(seen) for seen in services.datasets.column_maps.tables(name)]
    )


@router.put("/api/datasets/{name}/columns")
def choose_columns(
    name: str, choice: ColumnChoice, services: ServicesDep, _: ResearcherDep
) -> DatasetSummary:
    """Say what the columns of a table mean; the dataset is read again by it at once."""
    chosen = choice.roles.model_dump(exclude_none=True)
    services.datasets.column_maps.choose(name, choice.table, chosen)
    return _read_again(name, services)


@router.delete("/api/datasets/{name}/columns")
def take_columns_back(
    name: str,
    table: Annotated[str, Query(description="Its path, as in the list of tables.")],
    services: ServicesDep,
    _: ResearcherDep,
) -> DatasetSummary:
    """Read the columns of a table by their names again."""
    services.datasets.column_maps.take_back(name, table)
    return _read_again(name, services)


def _read_again(name: str, services: Services) -> DatasetSummary:
    known = services.datasets.get(name)
    return summary(known) if known else unread(services.datasets.folder(name))


def _shape(seen: TableSeen) -> DatasetTable:
    return DatasetTable(
        path=seen.path,
        columns=[TableColumn(name=each.name, samples=list(each.samples)) for each in seen.columns],
        roles=ColumnRoles(**seen.roles),
        by_hand=seen.by_hand,
        understood=seen.understood,
    )
