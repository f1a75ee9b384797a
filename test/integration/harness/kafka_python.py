"""Reads or writes with kafka-python, not ours. Records as JSON lines, bytes in base64."""
import base64
import json
import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition


def text(data):
    return None if data is None else base64.b64encode(data).decode()


def consume(bootstrap, topic, seconds_max):
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        check_crcs=True,
    )
    numbers = sorted(consumer.partitions_for_topic(topic) or [])
    partitions = [TopicPartition(topic, number) for number in numbers]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    deadline = time.monotonic() + float(seconds_max)
    while any(consumer.position(p) < ends[p] for p in partitions):
        if time.monotonic() > deadline:
            sys.exit("did not reach the end in time")
        for partition, records in consumer.poll(timeout_ms=200).items():
            for record in records:
                line = {
                    "partition": partition.partition,
                    "offset": record.offset,
                    "timestamp": record.timestamp,
                    "key": text(record.key),
                    "value": text(record.value),
                    "headers": [[name, text(value)] for name, value in record.headers],
                }
                print(json.dumps(line))
    consumer.close(autocommit=False)


def produce(bootstrap, topic, seconds_max):
    """Takes JSON lines {partition?, key, value}, acks=all; prints where each went."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", retries=3)
    waiting = []
    for line in sys.stdin:
        record = json.loads(line)
        key = None if record["key"] is None else base64.b64decode(record["key"])
        value = None if record["value"] is None else base64.b64decode(record["value"])
        partition = record.get("partition")
        waiting.append(producer.send(topic, value=value, key=key, partition=partition))
    producer.flush(timeout=float(seconds_max))
    for sent in waiting:
        answer = sent.get(timeout=float(seconds_max))
        print(json.dumps({"partition": answer.partition, "offset": answer.offset}))
    producer.close()


{"consume": consume, "produce": produce}[sys.argv[1]](*sys.argv[2:])
