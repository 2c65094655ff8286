// Commands over HTTP on the loopback interface, change events over an event stream.

import type { Changed, Command, Transport } from './backend'

const TOKEN = 'zoufang.token'

/** Takes the token out of `#t=…`, so it stands neither in the address bar nor in the history. */
export function takeToken(location: Location, history: History, storage: Storage): string | null {
  const match = /^#t=([\w-]+)/.exec(location.hash)
  if (match?.[1]) {
    storage.setItem(TOKEN, match[1])
    history.replaceState(null, '', `${location.pathname}${location.search}#/`)
  }
  return storage.getItem(TOKEN)
}

export function httpTransport(token: string): Transport {
  const listeners = new Set<(what: Changed) => void>()
  let events: EventSource | null = null

  function listen(): void {
    events = new EventSource(`/api/events?token=${encodeURIComponent(token)}`)
    let interrupted = false
    events.addEventListener('changed', (event) => {
      tell((JSON.parse((event as MessageEvent<string>).data) as { what: Changed }).what)
    })
    events.addEventListener('error', () => {
      interrupted = true
    })
    events.addEventListener('open', () => {
      // Whatever happened while the stream was down has no event any more.
      if (interrupted) (['app', 'sync', 'records', 'import'] as const).forEach(tell)
      interrupted = false
    })
  }

  function tell(what: Changed): void {
    for (const listener of listeners) listener(what)
  }

  return {
    async call(command: Command, argument: unknown): Promise<unknown> {
      const response = await fetch(`/api/${command}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-zoufang-token': token },
        body: JSON.stringify(argument ?? {}),
        // The last words of a form still arrive when the page is closed over them.
        keepalive: command === 'answer_visit',
      })
      const body: unknown = await response.json()
      if (!response.ok) throw body
      return body
    },
    onChanged(listener) {
      listeners.add(listener)
      if (!events) listen()
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
