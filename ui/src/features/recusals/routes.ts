import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/recusals/:child', name: 'recusals', component: () => import('./RecusalsPage.vue'), meta: { shell: 'station', place: 'children' } },
]
