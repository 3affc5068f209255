import { Menu, UnstyledButton } from "@mantine/core";
import { IconLogout, IconSearch, IconSelector } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useWord } from "@/design/word";
import { allowedAreas, groups } from "./areas";
import { PreferenceItems } from "./preferences";
import classes from "./rail.module.css";
import { useMay, useSession, useSignOut } from "./session";

export function Rail({ onSearch, onGone }: { onSearch: () => void; onGone?: () => void }) {
  const { t } = useTranslation();
  const allowed = allowedAreas(useMay());
  return (
    <div className={classes.rail}>
      <Link to="/" className={classes.brand} onClick={onGone}>
        <img src="/mark.svg" alt="" width={28} height={28} />
        <span>Outreach Gateway</span>
      </Link>
      <UnstyledButton className={classes.search} onClick={onSearch}>
        <IconSearch size={16} stroke={1.5} aria-hidden />
        <span>{t("palette.open")}</span>
        <kbd>Ctrl K</kbd>
      </UnstyledButton>
      <nav className={classes.areas} aria-label={t("rail.areas")}>
        {groups.map((group) => {
          const inGroup = allowed.filter((area) => area.group === group);
          if (inGroup.length === 0) {
            return null;
          }
          return (
            <div key={group ?? "start"}>
              {group ? (
                <p className={classes.group} id={`rail-${group}`}>
                  {t(`rail.${group}`)}
                </p>
              ) : null}
              <ul aria-labelledby={group ? `rail-${group}` : undefined}>
                {inGroup.map((area) => (
                  <li key={area.key}>
                    <Link
                      to={area.to}
                      className={classes.area}
                      activeProps={{ "data-active": true, "aria-current": "page" }}
                      activeOptions={{ exact: area.to === "/", includeSearch: false }}
                      onClick={onGone}
                    >
                      <area.icon size={18} stroke={1.5} aria-hidden />
                      {t(`${area.key}.title`)}
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
          );
        })}
      </nav>
      <UserMenu />
    </div>
  );
}

function UserMenu() {
  const { t } = useTranslation();
  const word = useWord();
  const { user } = useSession();
  const signOut = useSignOut();
  return (
    <Menu position="top-start" width={228} shadow="none" withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.user}>
          <span className={classes.initial} aria-hidden="true">
            {user.name.charAt(0).toUpperCase()}
          </span>
          <span className={classes.userWords}>
            <span className={classes.userName}>{user.name}</span>
            <span className={classes.userRole}>{word("role", user.role)}</span>
          </span>
          <IconSelector size={16} stroke={1.5} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <PreferenceItems />
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} stroke={1.5} aria-hidden />} onClick={() => signOut.mutate()}>
          {t("session.sign_out")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
