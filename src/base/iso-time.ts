const dayMs = 86_400_000;

const padded = (value: number, digits: number): string => `${value}`.padStart(digits, '0');

/**
 * A timestamp as `2026-11-24T10:00:00Z`, whole seconds; as a number where it is outside the years 0
 * to 9999. By the civil calendar's rule of 400 years, with March as the first month.
 */
export function isoTime(timestampMs: number): string {
  const days = Math.floor(timestampMs / dayMs);
  const sinceMarch = days + 719_468;
  const era = Math.floor(sinceMarch / 146_097);
  const dayOfEra = sinceMarch - era * 146_097;
  const leapDays = (each: number): number => Math.floor(dayOfEra / each);
  const yearOfEra = Math.floor(
    (dayOfEra - leapDays(1_460) + leapDays(36_524) - leapDays(146_096)) / 365,
  );
  const yearDays = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - yearDays;
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * march + 2) / 5) + 1;
  const month = march < 10 ? march + 3 : march - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  if (!(year >= 0 && year <= 9_999)) return `${timestampMs}`;
  const seconds = Math.floor((timestampMs - days * dayMs) / 1_000);
  const [hour, minute] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  return `${date}T${padded(hour, 2)}:${padded(minute, 2)}:${padded(seconds % 60, 2)}Z`;
}
