// One draft: every answer goes to the core at once, the core says what the form looks like next.
// What was tapped is drawn at once and stays drawn until the core's own view of it arrives.

import { computed, onScopeDispose, ref, shallowReactive, shallowRef } from 'vue'
import { asProblem, useBackend, type QuestionView, type UiError, type VisitFormView } from '@/backend'
import { useFormLanguage } from '@/shared/useFormLanguage'

/** How long a person may pause while typing before the words are sent. */
export const TEXT_AFTER = 400

export interface Answer {
  readonly codes: string[]
  readonly text: string | null
}

export function questionId(part: string, key: string): string {
  return `${part}/${key}`
}

export function useVisitForm(draft: string) {
  const backend = useBackend()
  const language = useFormLanguage()
  const form = shallowRef<VisitFormView | null>(null)
  const pending = ref(true)
  const problem = shallowRef<UiError | null>(null)
  const saving = ref(0)

  // Answers not yet confirmed, by question; the screen shows these over the core's view.
  const mine = shallowReactive(new Map<string, Answer>())
  const unsent = new Map<string, { part: string; key: string; answer: Answer }>()
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  let queue: Promise<void> = Promise.resolve()
  let position: string | null = null

  async function load(): Promise<void> {
    pending.value = true
    problem.value = null
    try {
      await language.say()
      form.value = await backend.visitForm({ id: draft })
      position = form.value.position
    } catch (error) {
      problem.value = asProblem(error)
    } finally {
      pending.value = false
    }
  }

  /** Calls to the core keep their order, so a late view never overwrites a newer one. */
  function inOrder(act: () => Promise<void>): Promise<void> {
    saving.value += 1
    queue = queue.then(act).finally(() => {
      saving.value -= 1
    })
    return queue
  }

  function send(id: string): Promise<void> {
    clearTimeout(timers.get(id))
    timers.delete(id)
    const waiting = unsent.get(id)
    if (!waiting) return queue
    unsent.delete(id)
    return inOrder(async () => {
      const { part, key, answer } = waiting
      try {
        form.value = await backend.answerVisit({ draft, part, key, codes: answer.codes, text: answer.text })
        if (mine.get(id) === answer) mine.delete(id)
        if (unsent.size === 0) problem.value = null
      } catch (error) {
        // The answer stays on the screen and waits; the next change or 再试一次 sends it.
        if (!unsent.has(id)) unsent.set(id, waiting)
        problem.value = asProblem(error)
      }
    })
  }

  function put(part: string, key: string, answer: Answer): string {
    const id = questionId(part, key)
    mine.set(id, answer)
    unsent.set(id, { part, key, answer })
    return id
  }

  function choose(part: string, key: string, codes: string[]): void {
    void send(put(part, key, { codes, text: null }))
  }

  function setDate(part: string, key: string, date: string): void {
    void send(put(part, key, { codes: [], text: date || null }))
  }

  function type(part: string, key: string, text: string): void {
    const id = put(part, key, { codes: [], text: text === '' ? null : text })
    clearTimeout(timers.get(id))
    timers.set(
      id,
      setTimeout(() => void send(id), TEXT_AFTER),
    )
  }

  /** Sends whatever still waits; true once the core has it all. */
  async function flush(): Promise<boolean> {
    if (unsent.size === 0) problem.value = null
    for (const id of [...unsent.keys()]) void send(id)
    await queue
    return unsent.size === 0
  }

  /** Changes which questions there are; answers given before go first. */
  function reshape(ask: () => Promise<VisitFormView>): Promise<void> {
    void flush()
    return inOrder(async () => {
      try {
        form.value = await ask()
        problem.value = null
      } catch (error) {
        problem.value = asProblem(error)
      }
    })
  }

  function same(part: string, section: string): Promise<void> {
    return reshape(() => backend.sameAsLast({ draft, part, section }))
  }

  function sameEverywhere(): Promise<void> {
    return reshape(() => backend.sameEverywhere({ id: draft }))
  }

  function noneOf(part: string): Promise<void> {
    return reshape(() => backend.noneOf({ draft, part }))
  }

  function setFull(full: boolean): Promise<void> {
    return reshape(() => backend.visitFull({ draft, full }))
  }

  function setRow(part: string, section: string, row: string | null, there: boolean): Promise<void> {
    return reshape(() => backend.visitRow({ draft, part, section, row, there }))
  }

  /** As it stands in the core, after something beside the questions answered one or its words are in another language. */
  function refresh(): Promise<void> {
    return reshape(() => backend.visitForm({ id: draft }))
  }

  /** Remembers where the person is; losing one of these harms nothing, so a refusal is not drawn. */
  function stand(part: string, key: string): void {
    const id = questionId(part, key)
    if (position === id) return
    position = id
    backend.visitPosition({ draft, position: id }).catch(() => {
      position = null
    })
  }

  function answerOf(part: string, question: QuestionView): Answer {
    return mine.get(questionId(part, question.key)) ?? { codes: question.codes, text: question.text }
  }

  const leave = () => {
    if (document.visibilityState === 'hidden') void flush()
  }
  const hide = () => void flush()
  window.addEventListener('pagehide', hide)
  document.addEventListener('visibilitychange', leave)
  onScopeDispose(() => {
    window.removeEventListener('pagehide', hide)
    document.removeEventListener('visibilitychange', leave)
    void flush()
  })

  void load()
  return { form, pending, problem, saving: computed(() => saving.value > 0), load, choose, setDate, type, flush, same, sameEverywhere, noneOf, setFull, setRow, refresh, stand, answerOf }
}

export type VisitForm = ReturnType<typeof useVisitForm>
