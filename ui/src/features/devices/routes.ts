import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/devices', name: 'devices', component: () => import('./DevicesPage.vue'), meta: { shell: 'station', place: 'devices' } },
]
