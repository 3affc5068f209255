import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Source } from "@/api/model";
import { asProblem } from "@/api/problem";
import { useProblemTitle } from "@/design/states";
import { useMay } from "@/shell/session";
import { useSyncNow } from "./source";

export function SyncNow({ source, size }: { source: Source; size?: "xs" }) {
  const { t } = useTranslation();
  const may = useMay();
  const problemTitle = useProblemTitle();
  const sync = useSyncNow(source.id);
  if (!may("manage-sources") || !source.base_url) {
    return null;
  }
  const running = source.last_run?.status === "running";
  const words = running ? t("sources.running") : t("sources.sync_now");
  return (
    <Button
      size={size}
      variant={size ? "default" : "filled"}
      leftSection={<IconRefresh size={16} stroke={1.5} aria-hidden />}
      aria-label={size ? `${words}: ${source.name}` : undefined}
      loading={sync.isPending}
      disabled={running}
      onClick={() =>
        sync.mutate(undefined, {
          onSuccess: () => notifications.show({ message: t("sources.sync_started", { name: source.name }) }),
          onError: (error) => {
            if (asProblem(error).status !== 401) {
              notifications.show({ color: "red", title: problemTitle(error), message: asProblem(error).detail ?? "" });
            }
          },
        })
      }
    >
      {words}
    </Button>
  );
}
