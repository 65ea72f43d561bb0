"""io.sqzd.Manager: the daemon itself."""

from typing import List

from .protocol import Info, Metric, Runner
from .records import record, records
from .session import Session


class ManagerCalls(Session):
    def info(self) -> Info:
        return record(Info, self.call("io.sqzd.Manager.Info"))

    def runners(self) -> List[Runner]:
        return records(Runner, self.call("io.sqzd.Manager.Runners").get("runners"))

    def metrics(self) -> List[Metric]:
        """Figures for a monitoring system."""
        return records(Metric, self.call("io.sqzd.Manager.Metrics").get("metrics"))
