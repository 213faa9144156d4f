"""What every step of a run needs to know, gathered once."""

from __future__ import annotations

from dataclasses import dataclass

from server.training.dataset import Dataset
from server.training.engine.device import Device
from server.training.engine.distributed import ALONE, Ranks
from server.training.engine.network import Network
from server.training.engine.progress import Work, WorkMeter
from server.training.engine.scoring import Tick
from server.training.events import Announcer
from server.training.plan import Plan
from server.training.spec import TrainSpec
from server.training.stopping import NEVER, StopWish


@dataclass(frozen=True, slots=True)
class Context:
    """One run, ready to begin."""

    spec: TrainSpec
    announcer: Announcer
    dataset: Dataset
    network: Network
    device: Device
    plan: Plan
    meter: WorkMeter
    ranks: Ranks = ALONE
    stop: StopWish = NEVER

    def stops(self, epochs_finished: int) -> bool:
        """Whether the run shall stop early now; all processes of a run get the same answer."""
        return epochs_finished > 0 and self.ranks.agree(self.stop.holds(epochs_finished))

    def ticker(self, message: str, epoch: int) -> Tick:
        """A function that counts work done and says how far the run is, under ``message``."""

        def tick(work: Work, amount: float) -> None:
            self.meter.add(work, amount)
            self.announcer.progress(self.meter, epoch, self.plan.epochs, message)

        self.meter.restart_clock()
        return tick
