"""What tells alerts: the outbox, the topic, and a webhook and a bus where the stack names them."""

from datetime import timedelta
from functools import cache, partial

from carillon.adapters.alert_bus import AlertBus
from carillon.adapters.aws import client
from carillon.adapters.dynamo.facts import DynamoFacts
from carillon.adapters.parameter import SecretParameter
from carillon.adapters.sns import SnsAlertTopic
from carillon.ports.signals import AlertTopic
from carillon.services.tell_alerts import TellAlerts
from carillon.settings import FollowSettings
from carillon.wiring.ground import Ground


def _webhook(ground: Ground, settings: FollowSettings) -> AlertTopic:
    # Sockets and TLS are loaded only where a stack has a webhook.
    from carillon.adapters.alert_webhook import AlertWebhook  # noqa: PLC0415
    from carillon.adapters.targets.http import HttpTarget  # noqa: PLC0415
    from carillon.domain.allow_list import AllowList  # noqa: PLC0415

    key = SecretParameter(cache(partial(client, "ssm")), settings.alert_webhook_key)
    target = HttpTarget(AllowList.of(settings.http_allow))
    return AlertWebhook(target, settings.alert_webhook_url, key, ground.clock)


def tell_alerts(ground: Ground, settings: FollowSettings) -> TellAlerts:
    """The alerts of this stack, brought to all its channels."""
    channels: dict[str, AlertTopic] = {"topic": SnsAlertTopic(client("sns"), settings.alerts_topic_arn)}
    if settings.alert_webhook_url:
        channels["webhook"] = _webhook(ground, settings)
    if settings.alert_bus_arn:
        channels["bus"] = AlertBus(cache(partial(client, "events")), settings.alert_bus_arn)
    window = timedelta(seconds=settings.alert_window_seconds)
    facts = DynamoFacts(ground.database)
    return TellAlerts(
        facts,
        channels,
        ground.clock,
        ground.chance,
        ground.log,
        settings.environment,
        window,
        ground.metrics(),
    )
