import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/me/duties', name: 'duties', component: () => import('./DutiesPage.vue'), meta: { shell: 'both', place: 'me' } },
]
