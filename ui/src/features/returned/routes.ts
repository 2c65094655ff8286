import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/returned', name: 'returned', component: () => import('./ReturnedPage.vue'), meta: { shell: 'both', place: 'me' } },
]
