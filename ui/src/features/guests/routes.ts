import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/guests/:child', name: 'guests', component: () => import('./GuestPage.vue'), meta: { shell: 'station', place: 'children' } },
]
