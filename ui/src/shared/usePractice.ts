// 练习: into the practice village and back. The page is loaded anew on the way (App.vue), so that nothing of one stays in the
// memory of the other.

import { computed } from 'vue'
import { useAppState } from './useAppState'
import { useAction } from './useQuery'

export function usePractice() {
  const app = useAppState()
  const start = useAction(async (backend) => app.set(await backend.practiceStart()))
  const end = useAction(async (backend) => app.set(await backend.practiceEnd()))
  return { practising: computed(() => app.view.value.practice), start, end }
}
