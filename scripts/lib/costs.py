"""What an environment costs a month while nothing happens, from environments/prices.toml."""

import re
import tomllib

from checkout import CHECKOUT
from rules import of

PRICES = tomllib.loads((CHECKOUT / "environments/prices.toml").read_text())


def monthly(resources: list[dict]) -> dict[str, float]:
    """US dollars a month by what they are for."""
    month = PRICES["hours"]["month"]
    awake = share_awake(resources)
    servers = of(resources, "aws_db_instance")
    zones = sum(len(endpoint["values"]["subnet_ids"]) for endpoint in of(resources, "aws_vpc_endpoint") if endpoint["values"]["vpc_endpoint_type"] == "Interface")
    primary = next((server["values"]["allocated_storage"] for server in servers if not server["values"].get("replicate_source_db")), 0)
    return {
        "database server": sum(PRICES["database"][s["values"]["instance_class"]] * copies(s) * month * awake for s in servers),
        # A stopped server's disk is paid for. A replica's is as large as the primary's.
        "database storage": sum(PRICES["database_storage"]["gp3"] * copies(s) * (s["values"].get("allocated_storage") or primary) for s in servers),
        "endpoints": zones * PRICES["interface_endpoint"]["each"] * month,
        "NAT": len(of(resources, "aws_nat_gateway")) * PRICES["nat_gateway"]["each"] * month,
        "alarms and dashboard": sum(watched(alarm) for alarm in of(resources, "aws_cloudwatch_metric_alarm")) * PRICES["watching"]["alarm"]
        + len(of(resources, "aws_cloudwatch_dashboard")) * PRICES["watching"]["dashboard"],
    }


def watched(alarm: dict) -> int:
    """An alarm costs by the metrics that it looks at."""
    return max(1, sum(1 for query in alarm["values"].get("metric_query") or [] if query.get("metric")))


def copies(server: dict) -> int:
    """Multi-AZ has a second one standing by."""
    return 2 if server["values"]["multi_az"] else 1


def share_awake(resources: list[dict]) -> float:
    """The share of the week that the database server runs: all of it, or what the janitor's schedules leave."""
    at = {}
    for schedule in of(resources, "aws_scheduler_schedule"):
        action = re.search(r'"action": ?"(\w+)"', schedule["values"]["target"][0]["input"])[1]
        at[action] = schedule["values"]["schedule_expression"]
    if not at:
        return 1.0
    # cron(minute hour ? month days year): started on the days that are named, stopped the same day.
    start, stop = (re.match(r"cron\((\d+) (\d+) \? \* (\S+) \*\)", at[action]) for action in ("start", "stop"))
    hours = int(stop[2]) + int(stop[1]) / 60 - int(start[2]) - int(start[1]) / 60
    return hours * (5 if start[3] == "MON-FRI" else 7) / (24 * 7)
