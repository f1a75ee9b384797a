import { present } from '../base/assert.ts';
import type { Address } from './address.ts';
import { parseAddress } from './address.ts';
import { peerListen } from './cluster-nodes.ts';
import type { Config } from './config.ts';

/**
 * The addresses of a checked config, parsed. Port 0 = any free port (then also in `advertised`).
 */
export interface NodeAddresses {
  readonly mqtt: Address;
  readonly kafka: Address;
  readonly advertised: Address;
  readonly admin: Address;
  /** Where other nodes connect; undefined without `cluster`. */
  readonly peer: Address | undefined;
}

export function nodeAddresses(config: Config): NodeAddresses {
  const listen = peerListen(config);
  return {
    mqtt: checkedAddress(config.mqtt.listen),
    kafka: checkedAddress(config.kafka.listen),
    advertised: checkedAddress(config.kafka.advertised),
    admin: checkedAddress(config.admin.listen),
    peer: listen === undefined ? undefined : checkedAddress(listen),
  };
}

/** Of a text that parseConfig has checked. */
export const checkedAddress = (text: string): Address =>
  present(parseAddress(text), 'parseConfig has checked every address');
