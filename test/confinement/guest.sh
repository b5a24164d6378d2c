# Runs on the kernel that enforces, as its first process: installs the profiles as a package would, runs the tests
# under them, and prints their exit code.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/tmp
word() { sed -n "s/.*patchcord\.$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
node=$(word node)
repo=$(word repo)

mount -t securityfs securityfs /sys/kernel/security
mount -t tmpfs tmpfs /run
# A line of the log for each denial, however many; and no waiting for addresses of links.
echo 0 >/proc/sys/kernel/printk_ratelimit
echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
ip link set lo up

cd "$repo" || exit
cp -r apparmor/patchcord-* apparmor/tunables /etc/apparmor.d/
mkdir -p /etc/apparmor.d/tunables/patchcord.d
# Where this clone is; its packages may be a link to those of another. Perl stands in for the gateway where a test wants
# system calls that Node does not offer.
cat >/etc/apparmor.d/tunables/patchcord.d/test <<END
@{patchcord_lib}+=$repo $(dirname "$(readlink -f node_modules)")
@{patchcord_node}+=$node /usr/bin/perl
@{patchcord_executable}+=$repo/build/patchcord-gateway-confined
END
# An ordinary user of this machine has to reach the program, wherever it was cloned to.
for folder in "$repo" "$(readlink -f node_modules)" "$node"; do
  while [ "$folder" != / ]; do
    folder=$(dirname "$folder")
    chmod a+x "$folder"
  done
done
apparmor_parser --replace --skip-cache /etc/apparmor.d/patchcord-gateway /etc/apparmor.d/patchcord-agent

only=$(word only)
"$node" --test-reporter=spec --test-name-pattern="${only:-.}" .test-build/confinement/suite.guest.js
echo "patchcord.exit=$?"
poweroff -f
