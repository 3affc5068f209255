// The areas of the console, in the order of the rail, with the permission that shows each.

import {
  IconBuildingHospital,
  IconChecklist,
  IconFileSearch,
  IconHome2,
  IconMail,
  IconPlugConnected,
  IconRoute,
  IconServer2,
  IconStack2,
  IconUserHeart,
  IconUsers,
} from "@tabler/icons-react";

export const areas = [
  { key: "overview", to: "/", group: null, permission: null, icon: IconHome2 },
  { key: "patients", to: "/patients", group: "customers", permission: "read-patients", icon: IconUserHeart },
  { key: "accounts", to: "/accounts", group: "customers", permission: "read-patients", icon: IconBuildingHospital },
  { key: "segments", to: "/segments", group: "customers", permission: "read-segments", icon: IconStack2 },
  { key: "tasks", to: "/tasks", group: "customers", permission: "read-tasks", icon: IconChecklist },
  { key: "journeys", to: "/journeys", group: "marketing", permission: "read-journeys", icon: IconRoute },
  { key: "messages", to: "/messages", group: "marketing", permission: "read-messages", icon: IconMail },
  { key: "sources", to: "/sources", group: "gateway", permission: "read-sources", icon: IconServer2 },
  { key: "plugins", to: "/plugins", group: "gateway", permission: "read-plugins", icon: IconPlugConnected },
  { key: "users", to: "/users", group: "gateway", permission: "manage-users", icon: IconUsers },
  { key: "audit", to: "/audit", group: "gateway", permission: "read-audit", icon: IconFileSearch },
] as const;

export const groups = [null, "customers", "marketing", "gateway"] as const;

export function allowedAreas(may: (permission: string) => boolean) {
  return areas.filter((area) => area.permission === null || may(area.permission));
}
