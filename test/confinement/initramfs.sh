#!/bin/busybox sh
# The first program of the test's kernel: makes the host's own root, read-only over 9p and with a layer of memory to
# write to above it, the root of this machine, and hands over to the script that the command line names.
b=/bin/busybox
$b mkdir -p /proc /sys /dev /lower /upper /root
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for module in $($b cat /modules/order); do $b insmod "/modules/$module.ko"; done
$b mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose host /lower
$b mount -t tmpfs -o size=60% tmpfs /upper
$b mkdir /upper/changes /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/changes,workdir=/upper/work overlay /root
for folder in proc sys dev; do $b mount --move "/$folder" "/root/$folder"; done
# Not chroot: AppArmor judges real paths.
exec $b switch_root /root /bin/sh "$($b sed -n 's/.*patchcord\.script=\([^ ]*\).*/\1/p' /root/proc/cmdline)"
