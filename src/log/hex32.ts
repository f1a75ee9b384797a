/** A 32-bit CRC as eight hexadecimal digits. */
export const hex32 = (value: number): string => value.toString(16).padStart(8, '0');
