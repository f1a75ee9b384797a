"""Fixtures that kafka-python's own integration tests ask for, over a gateway that runs already.

Their released package lacks the ones of theirs; these know nothing of ZooKeeper and start nothing.
SHORELOG_BOOTSTRAP names the gateway (host:port).
"""

import os
import uuid

import pytest

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from test.testutil import random_string


class Gateway:
    """What the tests know of a broker: its address, and clients of it."""

    def __init__(self, bootstrap):
        self.host, port = bootstrap.rsplit(":", 1)
        self.port = int(port)

    @property
    def bootstrap(self):
        return f"{self.host}:{self.port}"

    def create_topics(self, names, num_partitions=4):
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            admin.create_topics([NewTopic(name, num_partitions, 1) for name in names])
        finally:
            admin.close()


@pytest.fixture(scope="session")
def kafka_broker():
    return Gateway(os.environ["SHORELOG_BOOTSTRAP"])


@pytest.fixture
def topic(kafka_broker, request):
    name = "".join(c if c.isalnum() else "_" for c in request.node.name)
    name = f"{name}_{random_string(10)}"
    kafka_broker.create_topics([name])
    return name


@pytest.fixture
def _clients():
    """Everything that a test opened, closed after it."""
    opened = []
    yield opened
    for client in opened:
        client.close()


@pytest.fixture
def kafka_consumer_factory(kafka_broker, topic, _clients):
    def factory(topics=None, **params):
        params.setdefault("auto_offset_reset", "earliest")
        names = [topic] if topics is None else list(topics)
        consumer = KafkaConsumer(*names, bootstrap_servers=kafka_broker.bootstrap, **params)
        _clients.append(consumer)
        return consumer

    return factory


@pytest.fixture
def kafka_consumer(kafka_consumer_factory):
    return kafka_consumer_factory()


@pytest.fixture
def kafka_producer_factory(kafka_broker, _clients):
    def factory(**params):
        producer = KafkaProducer(bootstrap_servers=kafka_broker.bootstrap, **params)
        _clients.append(producer)
        return producer

    return factory


@pytest.fixture
def kafka_producer(kafka_producer_factory):
    return kafka_producer_factory()


@pytest.fixture
def kafka_admin_client_factory(kafka_broker, _clients):
    def factory(**params):
        admin = KafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap, **params)
        _clients.append(admin)
        return admin

    return factory


@pytest.fixture
def kafka_admin_client(kafka_admin_client_factory):
    return kafka_admin_client_factory()


@pytest.fixture
def send_messages(topic, kafka_producer, request):
    """Sends one unique record for each number and returns their values, in order."""

    def send(numbers, partition=0, topic=topic, producer=kafka_producer):
        values = [f"{n}-{request.node.name}-{uuid.uuid4()}".encode() for n in numbers]
        futures = [producer.send(topic, value=value, partition=partition) for value in values]
        producer.flush()
        assert all(future.succeeded() for future in futures)
        return values

    return send
