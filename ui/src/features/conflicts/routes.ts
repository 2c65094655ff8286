import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/conflicts', name: 'conflicts', component: () => import('./ConflictsPage.vue'), meta: { shell: 'both', place: 'today' } },
]
