import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/packets', name: 'packets', component: () => import('./PacketsPage.vue'), meta: { shell: 'station', place: 'problems' } },
  { path: '/packets/new/:problem', name: 'packet-new', component: () => import('./PacketPage.vue'), meta: { shell: 'station', place: 'problems' } },
  { path: '/packets/receipt/:problem/:packet', name: 'packet-receipt', component: () => import('./ReceiptPage.vue'), meta: { shell: 'station', place: 'problems' } },
]
