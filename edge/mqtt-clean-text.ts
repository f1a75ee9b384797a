/**
 * Whether MQTT allows a text ([MQTT-1.5.3-1], [MQTT-1.5.3-2]): nothing ill-formed, no U+0000. And
 * no U+FFFD: aedes' parser reads ill-formed UTF-8 as that, so one cannot be told from the other.
 */
export const isCleanText = (text: string): boolean =>
  !text.includes('\u0000') && !text.includes('\ufffd');
