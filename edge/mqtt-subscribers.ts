type Listener = (...args: never[]) => void;

/** What is watched of aedes' emitter; its types leave it out. */
export interface MqttEmitter {
  on(topic: string, listener: Listener, done?: () => void): unknown;
  removeListener(topic: string, listener: Listener, done?: () => void): unknown;
}

/**
 * Whether anybody is subscribed to anything: what is published while nobody listens need not go
 * through the engine. aedes' own listeners below $SYS do not count; it makes a function of its own
 * for each subscription.
 */
export class MqttSubscribers {
  readonly #listeners = new Set<Listener>();

  /** Watches an emitter from its beginning. */
  constructor(emitter: MqttEmitter) {
    const on = emitter.on.bind(emitter);
    const removeListener = emitter.removeListener.bind(emitter);
    emitter.on = (topic, listener, done) => {
      if (!topic.startsWith('$SYS/')) this.#listeners.add(listener);
      return on(topic, listener, done);
    };
    emitter.removeListener = (topic, listener, done) => {
      this.#listeners.delete(listener);
      return removeListener(topic, listener, done);
    };
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }
}
