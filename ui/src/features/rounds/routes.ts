import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/rounds', name: 'rounds', component: () => import('./RoundsPage.vue'), meta: { shell: 'station', place: 'coming' } },
]
