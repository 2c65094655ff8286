// Where a person begins: a director at 今天, the station at its overview.

import { computed, type ComputedRef } from 'vue'
import { useAppState } from './useAppState'

export function useHome(): { station: ComputedRef<boolean>; home: ComputedRef<string> } {
  const app = useAppState()
  const station = computed(() => app.view.value.shell === 'station')
  return { station, home: computed(() => (station.value ? '/overview' : '/today')) }
}
