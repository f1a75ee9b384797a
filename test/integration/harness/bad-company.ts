import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { encodeRequest } from '../../../src/wire/kafka/header.ts';
import { fetchCodec } from '../../../src/wire/kafka/generated/01-fetch.ts';
import { MqttRawClient, subscribePacket } from './mqtt-raw-client.ts';

export interface BadCompanyOptions {
  readonly mqttPort: number;
  readonly kafkaPort: number;
  readonly topic: string;
  readonly partitions: number;
  /** Of each kind; default 10. */
  readonly each?: number;
}

const largeFetch = ({ topic, partitions }: BadCompanyOptions): Uint8Array =>
  encodeRequest(
    fetchCodec,
    12,
    { correlationId: 1, clientId: 'greedy' },
    {
      ...{ clusterId: null, replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 0x7fff_ffff },
      ...{ isolationLevel: 1, sessionId: 0, sessionEpoch: -1 },
      ...{ forgottenTopicsData: [], rackId: '' },
      topics: [
        {
          topic,
          partitions: Array.from({ length: partitions }, (_, partition) => ({
            ...{ partition, currentLeaderEpoch: -1, fetchOffset: 0, lastFetchedEpoch: -1 },
            ...{ logStartOffset: -1, partitionMaxBytes: 0x7fff_ffff },
          })),
        },
      ],
    },
  );

/**
 * Peers that waste what they are given, and come back when they are thrown out: Kafka readers and
 * MQTT subscribers that never read, silent ones, requests and packets at a byte a second.
 */
export class BadCompany {
  readonly #options: BadCompanyOptions;
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  #isStopped = false;
  /** Connections that the node ended. */
  thrownOut = 0;

  constructor(options: BadCompanyOptions) {
    this.#options = options;
    const { each = 10 } = options;
    for (let i = 0; i < each; i++) {
      this.#kafkaReader();
      this.#subscriber(i, 0);
      this.#subscriber(i, 1);
      this.#silent(options.mqttPort);
      this.#silent(options.kafkaPort);
      this.#slowPublisher(i);
      this.#slow(options.kafkaPort, Buffer.from([0, 0x40, 0, 0]));
    }
    this.#timer = setInterval(() => {
      for (const socket of this.#sockets) socket.emit('second');
    }, 1_000);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  #kafkaReader(): void {
    const socket = this.#open(this.#options.kafkaPort, () => this.#kafkaReader());
    socket.pause();
    const fetch = largeFetch(this.#options);
    socket.once('connect', () => {
      for (let i = 0; i < 64; i++) socket.write(fetch);
    });
  }

  #subscriber(index: number, qos: 0 | 1): void {
    const { mqttPort: port } = this.#options;
    MqttRawClient.connect({ port, clientId: `greedy-${qos}-${index}` }).then(
      ({ client }) => {
        this.#own(client.socket, () => this.#subscriber(index, qos));
        client.send(subscribePacket(1, '#', qos));
        setTimeout(() => client.socket.pause(), 100);
      },
      () => this.#again(() => this.#subscriber(index, qos)),
    );
  }

  #silent(port: number): void {
    this.#open(port, () => this.#silent(port)).resume();
  }

  /** The head of something large, then a byte a second. */
  #slow(port: number, head: Buffer): void {
    const socket = this.#open(port, () => this.#slow(port, head));
    socket.once('connect', () => socket.write(head));
    socket.on('second', () => socket.write(Buffer.from([0])));
  }

  /** A PUBLISH of 512 KiB, a byte a second. */
  #slowPublisher(index: number): void {
    const again = (): void => this.#slowPublisher(index);
    const { mqttPort: port } = this.#options;
    MqttRawClient.connect({ port, clientId: `slow-${index}` }).then(
      ({ client: { socket } }) => {
        this.#own(socket, again);
        socket.write(Buffer.from([0x30, 0x80, 0x80, 0x20]));
        socket.on('second', () => socket.write(Buffer.from([0])));
      },
      () => this.#again(again),
    );
  }

  #open(port: number, again: () => void): Socket {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.2.1' });
    this.#own(socket, again);
    return socket;
  }

  #own(socket: Socket, again: () => void): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.thrownOut++;
      this.#again(again);
    });
    // A paused socket does not hear its end.
    socket.on('second', () => {
      if (socket.readableEnded || socket.destroyed) socket.destroy();
    });
  }

  #again(again: () => void): void {
    if (!this.#isStopped) setTimeout(() => !this.#isStopped && again(), 500);
  }
}
