// The frame around every page: the rail, or its drawer on a narrow screen, and the page itself.

import { ActionIcon, Drawer } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconMenu2, IconSearch } from "@tabler/icons-react";
import { Outlet, useLocation } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { LoadingState } from "@/design/states";
import { Rail } from "./rail";
import classes from "./shell.module.css";

const CommandPalette = lazy(() => import("./command-palette"));

export function Shell() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const [drawerOpened, drawer] = useDisclosure(false);
  const [paletteAsked, setPaletteAsked] = useState(0);
  const content = useRef<HTMLElement>(null);
  const shownPath = useRef(pathname);
  const search = () => {
    drawer.close();
    setPaletteAsked((times) => times + 1);
  };
  useHotkeys([["mod+K", search]], []);

  // A new page is a new place: keyboard and screen reader begin at its content.
  useEffect(() => {
    if (shownPath.current !== pathname) {
      shownPath.current = pathname;
      content.current?.focus({ preventScroll: true });
      globalThis.scrollTo?.(0, 0);
    }
  }, [pathname]);

  return (
    <div className={classes.shell}>
      <a href="#content" className={classes.skip}>
        {t("rail.skip")}
      </a>
      <aside className={classes.fixed} aria-label="Outreach Gateway">
        <Rail onSearch={search} />
      </aside>
      <aside className={classes.bar} aria-label="Outreach Gateway">
        <ActionIcon aria-label={t("rail.open")} aria-expanded={drawerOpened} onClick={drawer.open} color="white">
          <IconMenu2 size={20} stroke={1.5} aria-hidden />
        </ActionIcon>
        <span className={classes.barTitle}>Outreach Gateway</span>
        <ActionIcon aria-label={t("palette.open")} onClick={search} color="white">
          <IconSearch size={18} stroke={1.5} aria-hidden />
        </ActionIcon>
      </aside>
      <Drawer.Root opened={drawerOpened} onClose={drawer.close} position="left" size={264} padding={0}>
        <Drawer.Overlay />
        <Drawer.Content aria-label={t("rail.areas")} className={classes.drawer}>
          <Drawer.Body h="100%">
            <Rail onSearch={search} onGone={drawer.close} />
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
      <main id="content" ref={content} tabIndex={-1} className={classes.content}>
        <Suspense fallback={<LoadingState />}>
          <Outlet />
        </Suspense>
      </main>
      {paletteAsked > 0 ? (
        <Suspense fallback={null}>
          <CommandPalette asked={paletteAsked} />
        </Suspense>
      ) : null}
    </div>
  );
}
