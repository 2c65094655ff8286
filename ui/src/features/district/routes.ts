import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/stations', name: 'stations', component: () => import('./StationsPage.vue'), meta: { shell: 'district', place: 'stations' } },
  { path: '/me', name: 'officer', component: () => import('./OfficerPage.vue'), meta: { shell: 'district', place: 'me' } },
]
