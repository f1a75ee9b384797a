import type { AuthenticateError, Client } from 'aedes';
import type { MqttConnection } from './mqtt-connection.ts';

/** How aedes hears whether a CONNECT is taken. */
export type Authenticated = (error: AuthenticateError | null, success: boolean | null) => void;

/** A CONNECT that waits until its session is opened in the core. */
export interface Opening {
  readonly connection: MqttConnection;
  readonly client: Client;
  readonly done: Authenticated;
}

/** The CONNECTs that the core has not answered, by request. */
export class MqttOpenings {
  readonly #byRequest = new Map<number, Opening>();
  #lastRequestId = 0;

  add(opening: Opening): number {
    this.#forgetDead();
    const requestId = ++this.#lastRequestId;
    this.#byRequest.set(requestId, opening);
    return requestId;
  }

  get size(): number {
    return this.#byRequest.size;
  }

  take(requestId: number): Opening | undefined {
    const opening = this.#byRequest.get(requestId);
    this.#byRequest.delete(requestId);
    return opening;
  }

  /** @returns whether the CONNECT of that connection was waiting; its client is told (code 3). */
  refuse(connection: MqttConnection): boolean {
    for (const [requestId, opening] of this.#byRequest) {
      if (opening.connection !== connection) continue;
      this.#byRequest.delete(requestId);
      connection.guard(() => opening.done(serverUnavailable(), false));
      return true;
    }
    return false;
  }

  /** The core does not answer who is gone. All wait equally long, so those are at the head. */
  #forgetDead(): void {
    for (const [requestId, { connection }] of this.#byRequest) {
      if (!connection.dead) return;
      this.#byRequest.delete(requestId);
    }
  }
}

/** aedes gives the code to the client in CONNACK [MQTT-3.1.3-9]. */
export const identifierRejected = (): AuthenticateError =>
  Object.assign(new Error('the client identifier is not acceptable'), { returnCode: 2 });

/** Another node, or the same one later, may take it. */
const serverUnavailable = (): AuthenticateError =>
  Object.assign(new Error('the session cannot be opened now'), { returnCode: 3 });
