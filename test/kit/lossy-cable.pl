# Two Ethernet interfaces, joined by a cable that loses a share of what goes over it, in both directions.
#   perl lossy-cable.pl NAME NAME SHARE
# Prints "up" when both are there, ends with its stdin, and prints then how many frames it lost, of how many. For
# kernels without netem: /dev/net/tun is nearly everywhere (linux/Documentation/networking/tuntap.rst).
use strict;
use warnings;

my ($near, $far, $share) = @ARGV;
my $TUNSETIFF = 0x400454ca;
my $IFF_TAP = 0x0002;
my $IFF_NO_PI = 0x1000;
my $LONGEST_FRAME = 65536;

sub open_tap {
    my ($name) = @_;
    open(my $tap, '+<', '/dev/net/tun') or die "/dev/net/tun: $!";
    ioctl($tap, $TUNSETIFF, pack('a16 S x22', $name, $IFF_TAP | $IFF_NO_PI)) or die "$name: $!";
    return $tap;
}

# The same frames are lost each time, as far as the same ones come.
srand(7);
my @ends = (open_tap($near), open_tap($far));
$| = 1;
print "up\n";

my ($all, $lost) = (0, 0);
while (1) {
    my $ready = '';
    vec($ready, fileno($_), 1) = 1 for (@ends, \*STDIN);
    select($ready, undef, undef, undef);
    last if vec($ready, fileno(STDIN), 1);
    for my $from (0, 1) {
        next unless vec($ready, fileno($ends[$from]), 1);
        next unless sysread($ends[$from], my $frame, $LONGEST_FRAME);
        $all += 1;
        if (rand() < $share) { $lost += 1; next; }
        # An end that is down takes nothing.
        syswrite($ends[1 - $from], $frame);
    }
}
print "$lost $all\n";
