// Commands and events over Tauri. The only file that imports Tauri.

import { invoke } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'
import type { Changed, Transport } from './backend'

export function insideTauri(): boolean {
  return '__TAURI_INTERNALS__' in window
}

export function tauriTransport(): Transport {
  return {
    call: (command, argument) => invoke('call', { command, argument: argument ?? null }),
    onChanged(listener) {
      const stop = listen<{ what: Changed }>('changed', (event) => listener(event.payload.what))
      return () => {
        void stop.then((unlisten) => unlisten())
      }
    },
  }
}
