"""io.sqzd.Manager: the daemon itself."""

from typing import List

from .protocol import Histogram, Info, Metric, Runner
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

    def histograms(self) -> List[Histogram]:
        """How values, such as the seconds that calls take, are spread; for a monitoring system."""
        return records(Histogram, self.call("io.sqzd.Manager.Metrics").get("histograms"))
