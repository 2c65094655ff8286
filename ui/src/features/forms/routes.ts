import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/forms', name: 'forms', component: () => import('./FormsPage.vue'), meta: { shell: 'station', place: 'forms' } },
]
