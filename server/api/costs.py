"""Before a training: the presets, and what it would cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from server.api.deps import ServicesDep
from server.api.door import PersonDep, ResearcherDep
from server.api.schemas.costs import (
    MeasuredCost,
    PresetList,
    PresetOption,
    TrainingCostAnswer,
)
from server.api.schemas.jobs import TrainingForm
from server.domain.presets import PRESETS

router = APIRouter(tags=["jobs"])


@router.get("/api/presets")
def list_presets(_: PersonDep) -> PresetList:
    """Ways to train for whoever does not want to choose every number."""
    return PresetList(presets=[PresetOption(**asdict(each)) for each in PRESETS.values()])


@router.post("/api/training-cost")
def training_cost(
    form: TrainingForm,
    services: ServicesDep,
    _: ResearcherDep,
    measure: Annotated[
        bool, Query(description="false = only say what was measured before; answers at once.")
    ] = True,
) -> TrainingCostAnswer:
    """What `POST /api/start-training` with the same body would cost, by a trial of a few steps.

    A trial takes some ten seconds and the start of the training program; its result is remembered.
    """
    request = form.request()
    found = services.costs.measure(request) if measure else services.costs.known(request)
    if found is None:
        return TrainingCostAnswer(cost=None)
    return TrainingCostAnswer(
        cost=MeasuredCost(
            **found.cost.as_dict(),
            measured_at=found.measured_at,
            beside_running_jobs=found.beside_running_jobs,
        )
    )
