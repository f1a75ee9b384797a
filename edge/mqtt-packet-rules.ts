import { connectFault } from './mqtt-connect-fault.ts';

const CONNECT = 1;
const PUBACK = 4;
const PUBCOMP = 7;
const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;
const PINGREQ = 12;
const DISCONNECT = 14;
const identifierBytes = 2;

/**
 * What MQTT 3.1.1 demands of a packet and neither aedes nor its parser look at: aedes would serve
 * such packets, and answer some with half a packet. Reads the bytes as they pass; of CONNECT alone
 * it keeps those that came before the last.
 */
export class MqttPacketRules {
  #isConnected = false;
  #connectLeft = 0;
  #connect: Uint8Array = new Uint8Array(0);
  /** Bytes of the identifier still to come; 0: nothing to look at in this packet. */
  #identifierLeft = 0;
  #identifier = 0;

  /** A fixed header has passed; returns what is wrong with it. */
  begin(firstByte: number, length: number): string | undefined {
    const type = firstByte >> 4;
    if (type === CONNECT) return this.#beginConnect(length);
    const isEmpty = type === PINGREQ || type === DISCONNECT;
    if (isEmpty) return length === 0 ? undefined : 'a packet with bytes that it cannot have';
    const isAnswer = type >= PUBACK && type <= PUBCOMP;
    if (!isAnswer && type !== SUBSCRIBE && type !== UNSUBSCRIBE) return undefined;
    this.#identifierLeft = identifierBytes;
    this.#identifier = 0;
    const isGood = isAnswer ? length === identifierBytes : length > identifierBytes;
    return isGood ? undefined : 'a packet that is too short or too long for its type';
  }

  /** Bytes `from` to `to` of `chunk` are the next of the packet's body. */
  body(chunk: Uint8Array, from: number, to: number): string | undefined {
    if (this.#connectLeft > 0) return this.#connectBody(chunk.subarray(from, to));
    for (let at = from; at < to && this.#identifierLeft > 0; at++) {
      this.#identifier = (this.#identifier << 8) | (chunk[at] as number);
      this.#identifierLeft--;
      const isZero = this.#identifierLeft === 0 && this.#identifier === 0;
      if (isZero) return 'packet identifier 0 [MQTT-2.3.1-1]';
    }
    return undefined;
  }

  #beginConnect(length: number): string | undefined {
    if (this.#isConnected) return 'a second CONNECT [MQTT-3.1.0-2]';
    this.#isConnected = true;
    this.#connectLeft = length;
    return undefined;
  }

  #connectBody(bytes: Uint8Array): string | undefined {
    this.#connectLeft -= bytes.length;
    const isWhole = this.#connect.length === 0;
    const body = isWhole ? bytes : Buffer.concat([this.#connect, bytes]);
    // A copy: the chunk may be much larger.
    this.#connect = this.#connectLeft > 0 ? body.slice() : new Uint8Array(0);
    return this.#connectLeft > 0 ? undefined : connectFault(body);
  }
}
