import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/people', name: 'people', component: () => import('./PeoplePage.vue'), meta: { shell: 'station', place: 'people' } },
]
