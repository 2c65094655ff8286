import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  {
    // The same address and name as the tablet's page of one child, so every link to a child works in both
    // frames; at the station this record takes that name over and the file stands beside the list.
    path: '/children/:child?',
    name: 'child',
    component: () => import('./StationChildrenPage.vue'),
    meta: { shell: 'station', place: 'children' },
  },
]
