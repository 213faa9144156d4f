"""The composition root: settings → store → services → routers; nothing else happens here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute

from server import __version__
from server.api import (
    account,
    columns,
    costs,
    dataset_facts,
    dataset_images,
    dataset_versions,
    health,
    jobs,
    predictions,
    reference,
    tus,
    uploads,
)
from server.api import datasets as datasets_router
from server.api import imports as imports_router
from server.api import models as models_router
from server.api.deps import Services
from server.api.errors import REFUSALS, REFUSALS_FOR_ROOM, install_error_handlers
from server.api.lifetime import Lifetime
from server.api.pages import page_router
from server.api.security_headers import SecurityHeaders
from server.api.starting import SaysWhyItDidNotStart
from server.api.tus_envelope import TusEnvelope
from server.domain.errors import DermaScanError
from server.runner.cost_trial import CostTrial
from server.runner.device import device_slots, training_device
from server.runner.engine import Engine
from server.runner.launch import Launcher
from server.runner.weights_probe import WeightsProbe
from server.services.accounts import AccountService
from server.services.basket_files import BasketFiles
from server.services.baskets import BasketRules, BasketService
from server.services.catalogue import Catalogue
from server.services.comparisons import ComparisonService
from server.services.costs import CostService
from server.services.datasets import DatasetService
from server.services.facts import FactService
from server.services.gallery import Gallery
from server.services.import_jobs import ImportJobs
from server.services.imports import ImportService
from server.services.incoming import UploadLimits
from server.services.intake_program import IntakeProgram
from server.services.jobs import JobService
from server.services.models import ModelService
from server.services.predictions import PredictionService
from server.services.reservations import Reservations
from server.services.versions import VersionService
from server.settings import Settings, read_settings
from server.store.accounts import AccountRepository
from server.store.basket_folders import BasketFolders
from server.store.database import Database
from server.store.dataset_folders import DatasetFolders
from server.store.import_records import ImportRecords
from server.store.job_mirror import JobMirror
from server.store.jobs import JobRepository
from server.store.log_files import JobLogs
from server.store.model_files import ModelFiles
from server.store.runs import JobRuns
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
    datasets, facts, versions, imports, program = _datasets(settings, job_rows)
    baskets = _baskets(settings, imports)
    import_jobs = ImportJobs(
        ImportRecords(settings.data_dir), baskets, imports, at_once=settings.max_running_imports
    )
    engine, job_service = _jobs(settings, job_rows, datasets.require_trainable)
    trial, cost_service = _costs(settings, job_service, datasets.require_trainable)
    lifetime = Lifetime()
    models = ModelService(
        ModelFiles(settings.models_dir), job_rows.stands_behind, job_rows.mirror_again
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        database.migrate()
        accounts.offer_claim_code()
        datasets.start()
        import_jobs.start()
        baskets.start()
        engine.start()
        with lifetime.watched():
            yield
        engine.stop()
        trial.stop()
        import_jobs.stop()
        program.stop()
        baskets.stop()
        facts.stop()
        datasets.stop()
        database.close()

    app = FastAPI(
        title="DermaScan",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=REFUSALS,
        generate_unique_id_function=_function_name,
    )
    app.state.services = Services(
        accounts=accounts,
        basket_files=BasketFiles(baskets),
        baskets=baskets,
        comparisons=ComparisonService(models),
        costs=cost_service,
        datasets=datasets,
        facts=facts,
        gallery=Gallery(facts),
        import_jobs=import_jobs,
        imports=imports,
        jobs=job_service,
        models=models,
        predictions=PredictionService(models, max_image_bytes=settings.max_image_bytes),
        versions=versions,
        dev_origins=settings.dev_origins,
    )
    app.state.lifetime = lifetime
    install_error_handlers(app)
    app.add_middleware(TusEnvelope)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(SaysWhyItDidNotStart)
    app.include_router(health.router)
    nouns = (
        account,
        columns,
        costs,
        datasets_router,
        dataset_facts,
        dataset_images,
        dataset_versions,
        imports_router,
        jobs,
        models_router,
        predictions,
        uploads,
        tus,
    )
    for noun in nouns:
        app.include_router(noun.router, responses=REFUSALS_FOR_ROOM)
    app.include_router(reference.router)
    app.include_router(page_router(settings.page_dir))
    return app


def _datasets(
    settings: Settings, job_rows: JobRepository
) -> tuple[DatasetService, FactService, VersionService, ImportService, IntakeProgram]:
    def jobs_using(name: str) -> list[str]:
        return [job.id for job in job_rows.using_dataset(name)]

    limits = _upload_limits(settings)
    folders = DatasetFolders(settings.data_dir)
    program = IntakeProgram(limits, settings.import_seconds, settings.import_memory_bytes)
    catalogue = Catalogue(folders, program)
    reservations = Reservations()
    datasets = DatasetService(folders, catalogue, reservations, jobs_using=jobs_using)
    versions = VersionService(folders, catalogue, reservations, jobs_using=jobs_using)
    imports = ImportService(
        folders, catalogue, reservations, program, limits=limits, jobs_using=jobs_using
    )
    facts = FactService(folders, catalogue, program)
    return datasets, facts, versions, imports, program


def _baskets(settings: Settings, imports: ImportService) -> BasketService:
    rules = BasketRules(
        upload=_upload_limits(settings),
        kept_for=timedelta(seconds=settings.keep_uploads_seconds),
        each_person=settings.max_unfinished_uploads,
        bytes_each_person=max(settings.max_unfinished_bytes, settings.max_upload_bytes),
    )
    return BasketService(BasketFolders(settings.data_dir), imports, rules)


def _upload_limits(settings: Settings) -> UploadLimits:
    return UploadLimits(
        file_bytes=settings.max_file_bytes,
        upload_bytes=settings.max_upload_bytes,
        files=settings.max_upload_files,
    )


def _jobs(
    settings: Settings, rows: JobRepository, require_trainable: Callable[[str], Path]
) -> tuple[Engine, JobService]:
    runs, logs = JobRuns(settings.jobs_dir), JobLogs(settings.logs_dir)
    launcher = Launcher(
        program=settings.training_program,
        data_dir=settings.data_dir,
        models_dir=settings.models_dir,
        weights_dir=settings.weights_dir,
        runs=runs,
        logs=logs,
    )
    engine = Engine(
        rows,
        runs,
        logs,
        launcher,
        slots=partial(device_slots, settings.max_running_jobs, settings.jobs_per_device),
        lease_seconds=settings.lease_seconds,
        keep_checkpoints_seconds=settings.keep_checkpoints_seconds,
        heartbeat_seconds=settings.heartbeat_seconds,
        cancel_grace_seconds=settings.cancel_grace_seconds,
    )
    service = JobService(
        rows,
        runs,
        logs,
        models_dir=settings.models_dir,
        require_trainable=require_trainable,
        ask_weights=WeightsProbe(settings.training_program, settings.weights_dir),
        ring=engine.ring,
        ask_device=training_device,
    )
    return engine, service


def _costs(
    settings: Settings, jobs_of: JobService, require_trainable: Callable[[str], Path]
) -> tuple[CostTrial, CostService]:
    trial = CostTrial(settings.training_program, settings.data_dir, settings.weights_dir)
    service = CostService(
        require_trainable=require_trainable,
        trial=trial,
        ask_weights=jobs_of.auto_weights,
        ask_device=jobs_of.device,
        running_jobs=lambda: jobs_of.counts()[0],
    )
    return trial, service


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
