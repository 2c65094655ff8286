import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/saved', name: 'saved', component: () => import('./SavedPage.vue'), meta: { shell: 'tablet', place: 'today', list: 'today' } },
]
