"""What a person sees while the bots run, and when they are done."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from server.bots.report import BotReport

SHOWN_ERRORS = 6
SHOWN_SURPRISES = 5


def progress_view(report: BotReport, minutes: float) -> RenderableType:
    """A table of actions and a few lines of facts; the same while running and at the end."""
    actions = Table(title=_title(report, minutes), title_justify="left")
    actions.add_column("action")
    actions.add_column("done", justify="right")
    actions.add_column("refused", justify="right")
    for action, outcomes in report.actions.items():
        actions.add_row(action, f"{outcomes['done']:,}", f"{outcomes['refused']:,}")
    return Group(actions, *_facts(report))


def verdict(report: BotReport) -> Text:
    """The last line: whether all went as it should."""
    if report.ok:
        return Text("Nothing lost, nothing unexpected.", style="green")
    return Text(
        f"{report.losses} losses, {report.unexpected_count} unexpected outcomes.", style="bold red"
    )


def _title(report: BotReport, minutes: float) -> str:
    until = f" of {minutes * 60:.0f} s" if minutes else ""
    return (
        f"{report.present} of {report.shoppers} bots in the room (at most {report.peak}), "
        f"{report.seconds:.0f} s{until}"
    )


def _facts(report: BotReport) -> list[RenderableType]:
    requests, poses = report.requests, report.poses
    facts = Table(show_header=False, box=None, style="dim")
    rows = {
        "answers": f"p50 {requests['p50_ms']:.1f} ms, p99 {requests['p99_ms']:.1f} ms of "
        f"{requests['count']:,.0f}",
        "poses": f"p50 {poses['p50_ms']:.1f} ms, p99 {poses['p99_ms']:.1f} ms until decoded by "
        f"another; {report.poses_sent:,} sent, {report.pose_updates:,} received",
        "events": f"{report.events:,} received, {report.losses} lost; {report.drops} drops, "
        f"{report.resumed} resumed, {report.fresh} fresh",
        "orders": f"{report.orders:,}",
        "refusals": _counts(report.errors),
        "pose refusals": _counts(report.pose_refusals),
    }
    for name, value in rows.items():
        facts.add_row(name, value)
    surprises = report.unexpected[:SHOWN_SURPRISES]
    return [facts, *(Text(f"unexpected  {what}", "red") for what in surprises)]


def _counts(counts: dict[str, int]) -> str:
    shown = [f"{code} {count:,}" for code, count in list(counts.items())[:SHOWN_ERRORS]]
    return ", ".join(shown) or "none"
