# A user's own systemd manager, as a login makes one, for "ada" (1000): run as root, ends with its manager.
set -e
id ada >/dev/null 2>&1 || {
  echo 'ada:x:1000:1000::/home/ada:/bin/sh' >>/etc/passwd
  echo 'ada:x:1000:' >>/etc/group
}
# The first two are marks that a booted system has; the manager looks for them.
mkdir -p /run/systemd/system /run/systemd/unit-root /home/ada/.config/systemd/user /run/user/1000
cp -r apparmor/systemd/* /home/ada/.config/systemd/user/
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir /sys/fs/cgroup/ada
chown -R 1000:1000 /sys/fs/cgroup/ada /home/ada /run/user/1000
chmod 700 /run/user/1000
echo $$ >/sys/fs/cgroup/ada/cgroup.procs
setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all \
  dbus-daemon --session --address="$DBUS_SESSION_BUS_ADDRESS" --fork --nopidfile
exec setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all /lib/systemd/systemd --user
