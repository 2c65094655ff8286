// What was typed for the end of a file before she went to report first. It is there again when she comes back to the same
// file; the app forgets it when it closes, and another person never sees it.

export interface Ending {
  readonly reason: string
  readonly on: string
  readonly text: string
}

let left: { readonly by: string; readonly child: string; readonly ending: Ending } | null = null

export function layAside(by: string, child: string, ending: Ending): void {
  left = { by, child, ending }
}

/** Once: what is cancelled after that is gone. */
export function takeUp(by: string, child: string): Ending | null {
  if (left === null || left.child !== child || left.by !== by) return null
  const { ending } = left
  left = null
  return ending
}
