// Where the way back of a page leads: the page it was opened from, else the given one.

export function backTo(otherwise: string): string {
  const state = window.history.state as { back?: string | null } | null
  return state?.back ?? otherwise
}
