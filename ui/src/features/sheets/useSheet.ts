// A page that is not saved yet: what is typed is kept while it is typed, and is there again after the lock or the battery.
// Its photos hang on the same sheet. The page says what its words are; without any nothing is kept.

import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { asProblem, useBackend, type SheetInput, type UiError } from '@/backend'

/** How long a person may pause while typing before the words are kept. */
const KEPT_AFTER = 400

const NOTHING = JSON.stringify({})

/** Values by field of a page. */
export type Words = Record<string, string[]>

interface SheetForm {
  page: () => SheetInput
  /** What was typed; empty while there is nothing worth keeping. */
  words: () => Words
  /** Fills the page with what was typed the last time; with nothing, as it opens. */
  fill: (words: Words) => void
  /** The page names what it saves (useOnce): what is added after a save nobody heard of goes with the same record. */
  once?: boolean
}

export function useSheet(form: SheetForm) {
  const backend = useBackend()
  /** Draft id; none before something is said. */
  const draft = ref<string | null>(null)
  /** When what stands here was typed, where it was left the last time. */
  const since = ref<string | null>(null)
  /** Photos hang on it, or are about to. */
  const photos = ref(false)
  /** A photo is on its way: it is saved with the page, and not left behind. */
  const adding = ref(false)
  const problem = shallowRef<UiError | null>(null)
  /** What was left the last time stands here; nobody types before, so that neither takes the place of the other. */
  const ready = ref(false)
  let kept: string | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let queue: Promise<void> = Promise.resolve()

  const text = () => JSON.stringify(form.words())

  /** Calls keep their order, so that older words never come to lie over newer ones. */
  function inOrder(act: () => Promise<void>): Promise<void> {
    queue = queue.then(async () => {
      try {
        await act()
        problem.value = null
      } catch (error) {
        problem.value = asProblem(error)
      }
    })
    return queue
  }

  /** Brings back what was left the last time. The page calls this once it stands as it opens. */
  async function open(): Promise<void> {
    await inOrder(async () => {
      const view = await backend.sheet(form.page())
      if (view) {
        draft.value = view.draft
        photos.value = view.photos
        const words: Words = {}
        for (const [key, values] of Object.entries(view.words)) words[key] = [...(values ?? [])]
        if (Object.keys(words).length > 0) {
          form.fill(words)
          since.value = view.at
        }
      }
      kept = text()
    })
    ready.value = true
  }

  function keep(): Promise<void> {
    clearTimeout(timer)
    if (kept === null || text() === kept) return queue
    return inOrder(async () => {
      const now = text()
      if (kept === null || now === kept) return
      const view = await backend.keepSheet({ sheet: form.page(), words: form.words() })
      kept = now
      draft.value = view?.draft ?? null
    })
  }

  function setAdding(now: boolean): void {
    adding.value = now
  }

  function added(): Promise<void> {
    if (!adding.value) return Promise.resolve()
    return new Promise((resolve) => {
      const stop = watch(adding, (now) => {
        if (now) return
        stop()
        resolve()
      })
    })
  }

  /** What the page is saved with; everything typed and every photo is kept before. */
  async function settle(): Promise<string | null> {
    await added()
    await keep()
    return draft.value
  }

  /** The page was saved, and the sheet with it; what is left on the page begins a new one. */
  function done(): void {
    draft.value = null
    since.value = null
    photos.value = false
    kept = NOTHING
    void keep()
  }

  /** The page is left, and keeps nothing any more. */
  function close(): void {
    clearTimeout(timer)
    kept = null
  }

  /** Begins what photos hang on. */
  function beginPhotos(): Promise<void> {
    return inOrder(async () => {
      draft.value = (await backend.beginSheet(form.page())).draft
      photos.value = true
    })
  }

  /** Another sheet where this one went with a save nobody heard of. */
  async function renew(): Promise<string | null> {
    if (!form.once) return null
    const gone = draft.value
    await beginPhotos()
    return draft.value === gone ? null : draft.value
  }

  /** Gives up what was left the last time, photos and all. */
  function startAnew(): Promise<void> {
    return inOrder(async () => {
      if (draft.value) await backend.dropSheet({ id: draft.value })
      form.fill({})
      done()
    })
  }

  watch(text, () => {
    clearTimeout(timer)
    timer = setTimeout(() => void keep(), KEPT_AFTER)
  })
  const hidden = () => {
    if (document.visibilityState === 'hidden') void keep()
  }
  const leave = () => void keep()
  window.addEventListener('pagehide', leave)
  document.addEventListener('visibilitychange', hidden)
  onScopeDispose(() => {
    window.removeEventListener('pagehide', leave)
    document.removeEventListener('visibilitychange', hidden)
    void keep()
  })

  return { draft, since, photos, adding, problem, ready, open, settle, setAdding, done, close, beginPhotos, renew, startAnew }
}

export type Sheet = ReturnType<typeof useSheet>
