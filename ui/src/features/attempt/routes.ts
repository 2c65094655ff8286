import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/attempt/:child', name: 'attempt', component: () => import('./AttemptPage.vue'), meta: { shell: 'both', place: 'today', list: 'today' } },
]
