// One message at a time with a way to take it back; the shell draws it.

import { readonly, ref, shallowRef } from 'vue'

const message = ref<string | null>(null)
const undo = shallowRef<(() => Promise<void> | void) | null>(null)

export function useToast() {
  return {
    message: readonly(message),
    /** Says what was done; `takeBack` runs when 撤销 is tapped. */
    say(words: string, takeBack: () => Promise<void> | void): void {
      message.value = words
      undo.value = takeBack
    },
    async takeBack(): Promise<void> {
      const act = undo.value
      message.value = null
      undo.value = null
      await act?.()
    },
    clear(): void {
      message.value = null
      undo.value = null
    },
  }
}
