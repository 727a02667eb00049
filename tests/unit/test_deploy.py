"""What is deployed keeps its state on volumes: everything else is read-only."""

import re
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"
STATE = "/var/lib/kudos"


def test_in_compose_who_keeps_something_has_a_volume_that_is_declared() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    assert "  read_only: true\n" in text.partition("x-environment")[0]
    blocks = dict(
        re.findall(r"^  (\w+):\n((?:    .*\n)+)", text.partition("\nservices:\n")[2], re.MULTILINE)
    )
    declared = re.findall(r"(\w+): \{\}", text.rpartition("\nvolumes: ")[2])
    for service, variable in (("ingest", "INGEST"), ("identity", "IDENTITY")):
        assert f"KUDOS_{variable}_STATE: {STATE}" in blocks[service]
        assert f'"{service}:{STATE}"' in blocks[service]
        assert service in declared
    assert f"install -d -o kudos -m 0700 {STATE}" in (DEPLOY / "Dockerfile").read_text("utf-8")


def test_in_kubernetes_who_keeps_something_has_a_volume_and_one_alone_polls() -> None:
    parts = (DEPLOY / "kubernetes" / "kudos.yaml").read_text("utf-8").split("\n---\n")
    ours = {m[1]: part for part in parts if (m := re.search(r"service: (\w+)\}\}\nspec", part))}
    assert {"ingest", "poller", "identity", "enrich", "aggregate", "query"} == ours.keys()
    assert all("readOnlyRootFilesystem: true" in part for part in ours.values())
    for service in ("ingest", "poller", "identity"):
        part = ours[service]
        assert "kind: StatefulSet" in part
        assert f"{{name: state, mountPath: {STATE}}}" in part
        assert re.search(rf"name: KUDOS_\w+_STATE, value: {STATE}}}", part)
        assert "volumeClaimTemplates:\n    - metadata: {name: state}" in part
    polls = [name for name in ("ingest", "poller") if '_POLLS, value: "false"' not in ours[name]]
    assert ["poller"] == polls
    assert "replicas: 1\n" in ours["poller"]


def test_what_alerts_look_at_is_measured_and_said_what_to_do_about() -> None:
    text = (DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8")
    code = [
        path.read_text("utf-8")
        for part in ("kudos", "services")
        for path in (DEPLOY.parent / part).rglob("*.py")
    ]
    rules = text.split("- alert: ")[1:]
    assert {"SourceStopped", "PollFails", "NoticesWait"} <= {rule.split()[0] for rule in rules}
    for rule in rules:
        for name in re.findall(r"kudos_\w+", rule.partition("annotations:")[0]):
            # a counter is exposed as _total, a histogram as _bucket
            base = re.sub(r"_(total|bucket)$", "", name)
            assert any(f'"{base}"' in one or f'"{name}"' in one for one in code), name
        assert "description: " in rule
