#!/usr/bin/env python3
"""A real Apache Kafka broker (KRaft, one JVM) in a folder of its own, on free loopback ports.

As a program (`./dev kafka`): starts one, prints its address, and stops it at Ctrl-C.
"""
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
JARS = HERE.parents[1] / ".cache" / "kafka-4.1.0"
START_S_MAX = 300                                   # Three seconds on a machine that does nothing else.
PROPERTIES = """\
node.id={node}
controller.quorum.voters=1@127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=data
num.partitions=1
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.enable=false
log.retention.ms=-1
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""
ROLES = {1: "process.roles=broker,controller\nlisteners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n",
         2: "process.roles=broker\nlisteners=PLAINTEXT://127.0.0.1:{port}\n"}


class Unavailable(Exception):
    """There is no Java or no Maven, or the jars cannot be had."""


def fetch_jars():
    """The broker's jars, from Maven's repository; once per checkout."""
    if (JARS / "complete").exists():
        return
    for program in ("java", "mvn"):
        if not shutil.which(program):
            raise Unavailable(f"{program} is not installed")
    JARS.mkdir(parents=True, exist_ok=True)
    command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies", f"-DoutputDirectory={JARS}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable("maven: " + done.stdout[-800:])
    (JARS / "complete").touch()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


#: A broker that is up soon and small.
QUICK = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class Broker:
    def __init__(self, users=(), first=None, jvm=QUICK, **properties):
        """`jvm`: options of the broker's. `properties`: more of the broker's, with _ for each dot; {port} in their values is `address`'s. `users`: those
        whom SCRAM knows, as kafka-storage's --add-scram takes them. `first`: a second broker of that one's cluster, whose
        controller is with the first."""
        fetch_jars()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-kafka-"))
        self.port = free_port()
        self.jvm = jvm
        self.controller = first.controller if first else free_port()
        self.node = 2 if first else 1
        more = "".join(f"{name.replace('_', '.')}={value}\n" for name, value in properties.items())
        (self.folder / "server.properties").write_text((PROPERTIES + ROLES[self.node] + more).format(
            node=self.node, port=self.port, controller=self.controller))
        self.process = None
        arguments = [argument for user in users for argument in ("--add-scram", user)]
        subprocess.run(self._java(QUICK, "kafka.tools.StorageTool", "format", "-t", "MillraceTestCluster000",
                                  "-c", "server.properties", *arguments), cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @staticmethod
    def _java(jvm, *arguments):
        return ["java", *jvm, "-cp", f"{JARS}/*", *arguments]

    def start(self):
        log = open(self.folder / "broker.log", "ab")
        begin = log.tell()
        self.process = subprocess.Popen(self._java(self.jvm, "kafka.Kafka", "server.properties"), cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + START_S_MAX
        while b"Kafka Server started" not in self.log()[begin:]:
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise RuntimeError("the broker did not start:\n" + self.log()[-3000:].decode(errors="replace"))
            time.sleep(0.1)

    def tool(self, name, *arguments, fed=""):
        """What one of Kafka's own command-line programs, `fed` with a text, prints when it is asked of this broker."""
        command = self._java(("-Xmx96m",), "org.apache.kafka.tools." + name, "--bootstrap-server", self.address, *arguments)
        return subprocess.run(command, cwd=self.folder, input=fed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=False).stdout

    def log(self):
        return (self.folder / "broker.log").read_bytes()

    def kill(self):
        """As a crash: SIGKILL."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))       # So that the JVM goes, too.
    broker = Broker()
    print(f"Kafka is up: {broker.address} (its folder: {broker.folder}); Ctrl-C stops it", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        broker.close()


if __name__ == "__main__":
    try:
        main()
    except Unavailable as why:
        sys.exit(f"no broker: {why}")
