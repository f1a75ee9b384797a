import type { AddressInfo, Server } from 'node:net';
import { limits } from '../src/base/limits.ts';
import { fail, ok, type Result } from '../src/base/result.ts';
import { listenOn } from './listen-on.ts';
import type { MqttAddress, MqttListenError } from './mqtt-front-options.ts';

/** Opens a port; resolves with where it is, which is news for port 0. */
export async function listenMqtt(
  server: Server,
  { host, port }: MqttAddress,
): Promise<Result<MqttAddress, MqttListenError>> {
  const error = await listenOn(server, { host, port, backlog: limits.listenBacklogMax });
  if (error !== undefined) return fail({ code: error.code ?? 'UNKNOWN', text: error.message });
  const address = server.address() as AddressInfo;
  return ok({ host: address.address, port: address.port });
}
