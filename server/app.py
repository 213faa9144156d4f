"""The composition root: settings → store → services → routers; nothing else happens here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from server import __version__
from server.api import account
from server.api import models as models_router
from server.api.deps import Services
from server.api.errors import REFUSALS, install_error_handlers
from server.domain.errors import DermaScanError
from server.services.accounts import AccountService
from server.services.models import ModelService
from server.services.predictions import PredictionService
from server.settings import Settings, read_settings
from server.store.accounts import AccountRepository
from server.store.database import Database
from server.store.job_mirror import JobMirror
from server.store.jobs import JobRepository
from server.store.model_files import ModelFiles
from server.store.server_log import set_up_server_log


def create_app(settings: Settings) -> FastAPI:
    """The whole server for ``settings``; nothing runs before its lifespan starts."""
    settings.make_folders()
    set_up_server_log(settings.logs_dir, settings.log_level)
    database = Database(settings.store_url)
    accounts = AccountService(
        AccountRepository(database), claim_code_file=settings.home / "claim-code"
    )
    job_rows = JobRepository(database, JobMirror(settings.jobs_dir, settings.models_dir))
    models = ModelService(ModelFiles(settings.models_dir), job_rows.stands_behind)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        database.migrate()
        accounts.offer_claim_code()
        yield
        database.close()

    app = FastAPI(
        title="DermaScan",
        version=__version__,
        lifespan=lifespan,
        responses=REFUSALS,
        generate_unique_id_function=_function_name,
    )
    app.state.services = Services(
        accounts=accounts,
        models=models,
        predictions=PredictionService(models, max_image_bytes=settings.max_image_bytes),
        dev_origins=settings.dev_origins,
    )
    install_error_handlers(app)
    app.include_router(account.router)
    app.include_router(models_router.router)
    return app


def _function_name(route: APIRoute) -> str:
    return route.name


def __getattr__(name: str) -> FastAPI:
    """``server.app:app``, made when a web server asks for it: an import alone starts nothing."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return create_app(read_settings())
    except DermaScanError as refused:
        raise SystemExit(refused.message) from None
