# A user's own systemd manager, as a login makes one, for the user whose number is given and whose variables are set: run
# as root, ends with its manager.
set -e
uid=$1
id "$USER" >/dev/null 2>&1 || {
  echo "$USER:x:$uid:$uid::$HOME:/bin/sh" >>/etc/passwd
  echo "$USER:x:$uid:" >>/etc/group
}
# The first two are marks that a booted system has; the manager looks for them.
mkdir -p /run/systemd/system /run/systemd/unit-root "$HOME/.config/systemd/user" "$XDG_RUNTIME_DIR"
cp -r apparmor/systemd/* "$HOME/.config/systemd/user/"
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir "/sys/fs/cgroup/$USER"
chown -R "$uid:$uid" "/sys/fs/cgroup/$USER" "$HOME/.config" "$XDG_RUNTIME_DIR"
chown "$uid:$uid" "$HOME"
chmod 700 "$XDG_RUNTIME_DIR"
echo $$ >"/sys/fs/cgroup/$USER/cgroup.procs"
# Rights of root are taken away from who is not root.
[ "$uid" = 0 ] || caps=--inh-caps=-all
as="setpriv --reuid=$uid --regid=$uid --clear-groups $caps"
$as dbus-daemon --session --address="$DBUS_SESSION_BUS_ADDRESS" --fork --nopidfile
exec $as /lib/systemd/systemd --user
