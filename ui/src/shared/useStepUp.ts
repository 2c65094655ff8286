// The PIN once more before what reaches far. One place asks; what was refused with `pin_again` is done again afterwards.

import { readonly, ref } from 'vue'
import { asProblem } from '@/backend'

const asking = ref(false)
let answer: ((given: boolean) => void) | null = null

function settle(given: boolean): void {
  const waiting = answer
  answer = null
  asking.value = false
  waiting?.(given)
}

function ask(): Promise<boolean> {
  // Two acts at once would need two answers; the second waits for the same one.
  const before = answer
  asking.value = true
  return new Promise((resolve) => {
    answer = (given) => {
      before?.(given)
      resolve(given)
    }
  })
}

/** For the dialog: whether it is to be drawn, and what became of it. */
export function useStepUpDialog() {
  return { asking: readonly(asking), given: () => settle(true), left: () => settle(false) }
}

/** Does something; asks for the PIN and does it again when the core says so. Null when the person would rather not. */
export async function withStepUp<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act()
  } catch (error) {
    if (asProblem(error).code !== 'pin_again') throw error
  }
  return (await ask()) ? act() : null
}
