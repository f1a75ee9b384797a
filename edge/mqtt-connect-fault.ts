import { ByteReader, utf8Decode } from '../src/base/bytes.ts';
import { isCleanText } from './mqtt-clean-text.ts';

const WILL = 0x04;
const PASSWORD = 0x40;
const USER_NAME = 0x80;
/** The high bit says that a bridge connects. */
const LEVEL_BITS = 0x7f;
const LEVEL_3_1_1 = 4;
/** The levels that are served, with the protocol name of each. */
const names: ReadonlyMap<number, string> = new Map([
  [3, 'MQIsdp'],
  [LEVEL_3_1_1, 'MQTT'],
]);

/** To be answered with CONNACK 1 before the connection is closed. */
export const unacceptableLevel = 'an unacceptable protocol level [MQTT-3.1.2-2]';

/**
 * What is wrong with the fields of a CONNECT (all bytes behind its fixed header) although aedes'
 * parser takes it, or closes without the word that is due; with the clause. Of 3.1 only name
 * and level are looked at.
 */
export function connectFault(body: Uint8Array): string | undefined {
  const reader = new ByteReader(body);
  const name = utf8Decode(field(reader));
  const level = reader.uint8() & LEVEL_BITS;
  const flags = reader.uint8();
  reader.uint16();
  if (reader.failed) return 'CONNECT is too short';
  if (name !== 'MQTT' && name !== 'MQIsdp') return 'another protocol name [MQTT-3.1.2-1]';
  if (names.get(level) !== name) return unacceptableLevel;
  return level === LEVEL_3_1_1 ? payloadFault(reader, flags) : undefined;
}

function payloadFault(reader: ByteReader, flags: number): string | undefined {
  const hasPassword = (flags & PASSWORD) !== 0;
  const hasUserName = (flags & USER_NAME) !== 0;
  if (hasPassword && !hasUserName) return 'a password without a user name [MQTT-3.1.2-22]';
  field(reader); // the client identifier; aedes' parser reads it as it stands, as it does the will
  if ((flags & WILL) !== 0) {
    field(reader);
    field(reader);
  }
  const userName = hasUserName ? utf8Decode(field(reader)) : '';
  if (hasPassword) field(reader);
  if (reader.failed) return 'CONNECT ends within a field';
  if (!isCleanText(userName)) return 'an ill-formed user name [MQTT-1.5.3-1], [MQTT-1.5.3-2]';
  if (reader.remaining === 0) return undefined;
  return 'CONNECT has fields that its flags do not name [MQTT-3.1.2-18], [MQTT-3.1.2-20]';
}

const field = (reader: ByteReader): Uint8Array => reader.view(reader.uint16());
