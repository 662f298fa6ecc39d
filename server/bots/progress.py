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
    return f"{report.present} of {report.shoppers} bots in the room, {report.seconds:.0f} s{until}"


def _facts(report: BotReport) -> list[Text]:
    requests, poses = report.requests, report.poses
    lines = [
        f"answers  p50 {requests['p50_ms']:.1f} ms, p99 {requests['p99_ms']:.1f} ms "
        f"({requests['count']:,.0f})",
        f"poses    p50 {poses['p50_ms']:.1f} ms, p99 {poses['p99_ms']:.1f} ms from send to decoded; "
        f"{report.poses_sent:,} sent, {report.pose_updates:,} received",
        f"events   {report.events:,} received, {report.losses} lost; {report.drops} drops, "
        f"{report.resumed} resumed, {report.fresh} fresh",
        f"orders   {report.orders:,}",
    ]
    for name, counts in (("refusals", report.errors), ("pose refusals", report.pose_refusals)):
        if counts:
            shown = [f"{code} {count:,}" for code, count in list(counts.items())[:SHOWN_ERRORS]]
            lines.append(f"{name}  " + ", ".join(shown))
    texts = [Text(line, style="dim") for line in lines]
    texts += [Text(f"unexpected  {what}", "red") for what in report.unexpected[:SHOWN_SURPRISES]]
    return texts
