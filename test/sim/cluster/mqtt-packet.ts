/** MQTT's packets between a sensor and its node, as far as publishing needs them. */
export type MqttPacket =
  | { readonly type: 'connect'; readonly clientId: string; readonly clean: boolean }
  | { readonly type: 'connack'; readonly sessionPresent: boolean }
  | {
      readonly type: 'publish';
      readonly packetId: number;
      readonly qos: 0 | 1 | 2;
      readonly mqttTopic: string;
      readonly text: string;
    }
  | {
      readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';
      readonly packetId: number;
    };
