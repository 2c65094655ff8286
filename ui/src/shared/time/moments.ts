// How far apart moments and days are, in the one time zone Zoufang is used in; no words here.

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** China keeps one time zone and no summer time, so a fixed offset is exact. */
const shanghai = 8 * hour

/** The civil day of a moment on a wall calendar in the village. */
export function civilDay(moment: number): string {
  return new Date(moment + shanghai).toISOString().slice(0, 10)
}

/** Civil days from one moment's day to another's. */
export function civilDaysBetween(from: number, to: number): number {
  return Math.round((Date.parse(civilDay(to)) - Date.parse(civilDay(from))) / day)
}

/** How long something has lasted, in the largest unit that is at least one. */
export function span(milliseconds: number): { unit: 'moments' | 'minutes' | 'hours' | 'days'; n: number } {
  if (milliseconds >= day) return { unit: 'days', n: Math.floor(milliseconds / day) }
  if (milliseconds >= hour) return { unit: 'hours', n: Math.floor(milliseconds / hour) }
  if (milliseconds >= minute) return { unit: 'minutes', n: Math.floor(milliseconds / minute) }
  return { unit: 'moments', n: 0 }
}

/** Minutes and seconds left until a moment, `9:05`; `0:00` once it has passed. */
export function countdown(until: number, now: number): string {
  const seconds = Math.max(0, Math.ceil((until - now) / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
