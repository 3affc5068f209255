import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/design/format";

/** The rest of a list, where there is one. */
export function More({ shown, total, onMore }: { shown: number; total: number; onMore: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return shown < total && shown < 500 ? (
    <Button variant="default" size="xs" mt="md" onClick={onMore}>
      {t("state.more", { left: format.number(total - shown) })}
    </Button>
  ) : null;
}
