"""What the columns of a dataset's tables mean, over the wire."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ColumnRoles(BaseModel):
    """Role to the name of a column; None = no column has it."""

    model_config = ConfigDict(extra="forbid")

    image: str | None = Field(None, description="Names the image: its file name, id or path.")
    label: str | None = Field(None, description="The class.")
    lesion: str | None = Field(None, description="Images with the same value show the same lesion.")
    patient: str | None = Field(
        None, description="Images with the same value show the same patient."
    )
    age: str | None = Field(None, description="In years.")
    sex: str | None = None
    site: str | None = Field(None, description="Where on the body.")
    skin_tone: str | None = Field(None, description="Fitzpatrick's type, mostly.")


class TableColumn(BaseModel):
    name: str
    samples: list[str] = Field(description="Up to three different values.")


class DatasetTable(BaseModel):
    """One table of a dataset."""

    path: str
    columns: list[TableColumn]
    roles: ColumnRoles = Field(
        description="What the columns mean: as chosen, as understood, or else as guessed."
    )
    by_hand: bool = Field(description="A person has chosen the roles.")
    understood: bool = Field(description="The table says something of the images.")


class DatasetTables(BaseModel):
    tables: list[DatasetTable]


class ColumnChoice(BaseModel):
    """What the columns of one table mean."""

    table: str = Field(description="Its path, as `DatasetTable.path`.")
    roles: ColumnRoles
