import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/breach', name: 'breach', component: () => import('./BreachPage.vue'), meta: { shell: 'station', place: 'audit' } },
]
