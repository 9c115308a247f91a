#!/usr/bin/env python3
"""TLS and SASL: librdkafka's own properties reach a broker that asks for them, and a wrong one is told, never printed.

  test_secure.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import broker
from case import ck, start_broker, stop_broker
from program import main
from test_workers import WorkersTest, events

PASSWORD = "open-sesame"
RIGHT_SCRAM = ck is not None and ck.libversion()[1] >= 0x02060100


class Secure:
    """What the broker shows, and where it lets in only those who show something, too."""
    folder, address = None, None


def setUpModule():
    Secure.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-tls-"))
    make_certificates(Secure.folder)
    port, controller = broker.free_port(), broker.free_port()
    Secure.address = f"127.0.0.1:{port}"
    login = "org.apache.kafka.common.security"
    start_broker(users=[f"SCRAM-SHA-512=[name=millrace,password={PASSWORD}]"], **{
        "controller_quorum_voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{{port}},SECURE://{Secure.address},CONTROLLER://127.0.0.1:{controller}",
        "advertised_listeners": f"PLAINTEXT://127.0.0.1:{{port}},SECURE://{Secure.address}",
        "listener_security_protocol_map": "PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT",
        "ssl_keystore_type": "PEM", "ssl_keystore_location": Secure.folder / "broker.pem",
        "listener_name_secure_sasl_enabled_mechanisms": "PLAIN,SCRAM-SHA-512",
        "listener_name_secure_plain_sasl_jaas_config": f'{login}.plain.PlainLoginModule required user_millrace="{PASSWORD}";',
        "listener_name_secure_scram-sha-512_sasl_jaas_config": f"{login}.scram.ScramLoginModule required;"})


def tearDownModule():
    stop_broker()
    shutil.rmtree(Secure.folder, ignore_errors=True)


def make_certificates(folder):
    """A certificate authority, ca.pem, and broker.pem: key and certificate for 127.0.0.1."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=test authority", "-keyout", "ca.key",
            "-out", "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=broker", "-keyout", "broker.key", "-out", "broker.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650",
            "-extfile", "names", "-out", "broker.crt")
    (folder / "broker.pem").write_text((folder / "broker.key").read_text() + (folder / "broker.crt").read_text())


class Doors(WorkersTest):
    def guarded(self, source, target, log, mechanism="PLAIN", **more):
        """The pipeline through the guarded listener; the password comes from the environment."""
        client = {"security.protocol": "SASL_SSL", "ssl.ca.location": str(Secure.folder / "ca.pem"), "sasl.mechanisms": mechanism,
                  "sasl.username": "millrace", "sasl.password": "${env:PASSWORD}", **more}
        config = json.loads(self.pipeline(source, target, name=f"{log}{mechanism[0]}").read_text())
        config["sources"]["in"].update(brokers=Secure.address, kafka=client)
        config["sinks"]["out"].update(brokers=Secure.address, kafka=client)
        config["commit"] = {"log": "kafka", "brokers": Secure.address, "kafka": client} if log == "kafka" else {"every": "50ms"}
        self.write("p.json", config)

    def test_a_pipeline_is_let_in(self):
        source, target = self.topic_pair(2)
        self.put(source, events(1000, 51))
        for log in ("kafka", "local"):
            with self.subTest(log):
                target = self.topic(2)
                self.guarded(source, target, log)
                done = self.run_to_end("--until-end", env={"PASSWORD": PASSWORD})
                self.assertEqual(done.report["sources"]["in"]["records"], 1000)
                self.assertNotIn(PASSWORD, done.stderr + json.dumps(done.report))
                if log == "kafka":
                    self.assert_exact(source, target)
                else:
                    self.assertTrue(self.rows(target))

    def test_a_wrong_password_is_told_and_not_printed(self):
        source, target = self.topic_pair(1)
        for log in ("kafka", "local"):
            for mechanism in ("SCRAM-SHA-512", "PLAIN"):
                with self.subTest(log=log, mechanism=mechanism):
                    self.guarded(source, target, log, mechanism)
                    done = self.run_to_end("--until-end", env={"PASSWORD": "open-barley"}, code=1)
                    self.assert_says(done, "cannot reach " + Secure.address, "Authentication failed", "sasl.password")
                    self.assertNotIn("open-barley", done.stderr)

    @unittest.skipUnless(RIGHT_SCRAM, "librdkafka before 2.6.1 cannot do SCRAM with this broker; reach.cc says so")
    def test_scram(self):
        source, target = self.topic_pair(2)
        self.put(source, events(1000, 52))
        self.guarded(source, target, "kafka", "SCRAM-SHA-512")
        self.run_to_end("--until-end", env={"PASSWORD": PASSWORD})
        self.assert_exact(source, target)

    @unittest.skipIf(RIGHT_SCRAM, "this librdkafka can do SCRAM")
    def test_scram_that_cannot_work_is_told(self):
        self.guarded(*self.topic_pair(1), "kafka", "SCRAM-SHA-512")
        self.assert_says(self.run_to_end("--until-end", env={"PASSWORD": PASSWORD}, code=1), "cannot do SCRAM with brokers from 4.0 on")

    def test_a_broker_that_nobody_vouches_for_is_not_trusted(self):
        source, target = self.topic_pair(1)
        for log in ("kafka", "local"):
            with self.subTest(log):
                self.guarded(source, target, log, **{"ssl.ca.location": "/etc/ssl/certs/ca-certificates.crt"})
                done = self.run_to_end("--until-end", env={"PASSWORD": PASSWORD}, code=1)
                self.assert_says(done, "cannot reach " + Secure.address, "certificate verify failed", "ssl.ca.location")

    def test_a_door_that_wants_tls_is_told(self):
        """Plain text at the guarded listener: librdkafka's guess is passed on."""
        source, target = self.topic_pair(1)
        config = json.loads(self.pipeline(source, target).read_text())
        for part in (config["sources"]["in"], config["sinks"]["out"], config["commit"]):
            part["brokers"] = Secure.address
        self.write("p.json", config)
        self.assert_says(self.run_to_end("--until-end", code=1), "cannot reach " + Secure.address, "security.protocol")


if __name__ == "__main__":
    main()
