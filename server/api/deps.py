"""What the routers are handed: the services, put on the application by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from server.services.accounts import AccountService
from server.services.basket_files import BasketFiles
from server.services.baskets import BasketService
from server.services.comparisons import ComparisonService
from server.services.costs import CostService
from server.services.datasets import DatasetService
from server.services.facts import FactService
from server.services.gallery import Gallery
from server.services.import_jobs import ImportJobs
from server.services.imports import ImportService
from server.services.jobs import JobService
from server.services.models import ModelService
from server.services.predictions import PredictionService
from server.services.versions import VersionService


@dataclass(frozen=True, slots=True)
class Services:
    """Every use case of the server, one object a noun.

    ``dev_origins`` are pages of other origins that may call the API, while one develops.
    """

    accounts: AccountService
    basket_files: BasketFiles
    baskets: BasketService
    comparisons: ComparisonService
    costs: CostService
    datasets: DatasetService
    facts: FactService
    gallery: Gallery
    import_jobs: ImportJobs
    imports: ImportService
    jobs: JobService
    models: ModelService
    predictions: PredictionService
    versions: VersionService
    dev_origins: tuple[str, ...]


def services(request: Request) -> Services:
    """The services of the application that answers ``request``."""
    return cast(Services, request.app.state.services)


ServicesDep = Annotated[Services, Depends(services)]
